import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program } from '../support/program.ts'
import type { Scene } from './scene.ts'

export interface RealAgent {
  name: string
  /** The shell of the agent: dash if it is installed, because dash is sh on most hosts. */
  shell: string
  pid: number
  /** Waits for the next line of the agent that matches the pattern. */
  hears(what: string, pattern: RegExp): Promise<void>
  stop(): Promise<unknown>
}

export interface AgentWishes {
  /** The name of the shell, and its program. */
  shell?: string
  program?: string
  client?: string
  within?: (command: readonly string[]) => readonly string[]
}

/** Enrols and starts the real agent on this machine, by default in dash with curl. */
export async function startAgent(scene: Scene, name: string, wishes: AgentWishes = {}): Promise<RealAgent> {
  const directory = join(scene.directory, name)
  mkdirSync(directory)
  const script = join(directory, 'served.sh')
  writeFileSync(script, await (await fetch(`${scene.url}/agent.sh`)).text())
  const shell = wishes.shell ?? (spawnSync('dash', ['-c', ':']).status === 0 ? 'dash' : 'sh')
  const link = join(directory, shell)
  symlinkSync(pathOf(wishes.program ?? shell), link)
  const environment = { PATH: process.env.PATH ?? '', HOME: directory, RUMPFARM_DIR: join(directory, 'agent') }
  const chosen = { RUMPFARM_SHELL: link, RUMPFARM_CLIENT: wishes.client ?? 'curl' }
  const command = [link, script, 'enroll', await scene.invite(name)]
  const program = new Program(wishes.within?.(command) ?? command, { ...environment, ...chosen }, directory)
  let heard = 0
  const hears = async (what: string, pattern: RegExp) => {
    await program.line(
      what,
      line => {
        const found = pattern.test(line)
        if (found) heard = program.lines.length
        return found || undefined
      },
      heard,
      120_000,
    )
  }
  await hears('that it waits for jobs', /waiting for jobs/)
  return { name, shell, pid: program.child.pid ?? 0, hears, stop: () => program.stop() }
}

const pathOf = (program: string): string =>
  spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).stdout.trim()
