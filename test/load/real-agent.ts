import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program } from '../support/program.ts'
import type { Scene } from './scene.ts'

export interface RealAgent {
  name: string
  /** dash where there is one: the shell that most hosts have as sh. */
  shell: string
  /** Until the agent has said this once more. */
  hears(what: string, pattern: RegExp): Promise<void>
  stop(): Promise<unknown>
}

/** The real agent with curl, as the farm serves it, enrolled on this machine. */
export async function startAgent(scene: Scene, name: string): Promise<RealAgent> {
  const directory = join(scene.directory, name)
  mkdirSync(directory)
  const script = join(directory, 'served.sh')
  writeFileSync(script, await (await fetch(`${scene.url}/agent.sh`)).text())
  const shell = spawnSync('dash', ['-c', ':']).status === 0 ? 'dash' : 'sh'
  const environment = { PATH: process.env.PATH ?? '', HOME: directory, RUMPFARM_DIR: join(directory, 'agent') }
  const command = [shell, script, 'enroll', await scene.invite(name)]
  const program = new Program(command, { ...environment, RUMPFARM_CLIENT: 'curl' }, directory)
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
  return { name, shell, hears, stop: () => program.stop() }
}
