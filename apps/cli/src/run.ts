import { Refusal } from '@rumpfarm/client'
import { cloneCommands } from './clone-commands.ts'
import { commands } from './commands/commands.ts'
import { listValues } from './completion/values.ts'
import type { Context } from './context.ts'
import { openFarm } from './farm-address/find-farm.ts'
import { readSettings } from './farm-address/settings.ts'
import { exits, isGroup, type Node, type Result, UsageError } from './parsing/command.ts'
import { helpText, usageOf } from './parsing/help.ts'
import { type Parsed, parse } from './parsing/parse.ts'
import { clean } from './terminal/clean.ts'
import type { OutStream } from './terminal/streams.ts'
import { styleFor } from './terminal/style.ts'
import { version } from './version.ts'

export interface Surroundings {
  env: Record<string, string | undefined>
  directory: string
  out: OutStream
  notes: OutStream
  signal: AbortSignal
  now?: () => Date
}

/** Runs one command, and returns the exit code of the process. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, notes } = surroundings
  const isClone = Boolean(env.RUMPFARM_CLONE)
  const program = isClone ? './farm' : 'rumpfarm'
  const say = (line: string) => notes.write(`${line}\n`)
  try {
    if (words[0] === '__values') return await listValues(contextOf(surroundings, program, false), words[1])
    const parsed = parse(words, commands, isClone ? cloneCommands.map(({ name }) => name) : [])
    return await answer(parsed, surroundings, program)
  } catch (error) {
    if (error instanceof UsageError) {
      say(`${program}: ${error.message}`)
      say(usageAfter(program, words))
      return exits.usage
    }
    if (surroundings.signal.aborted) return 130
    say(`${isClone ? 'farm' : program}: ${explain(error as Error, isClone)}`)
    return exits.unknown
  }
}

/** The usage of the command that the words name. */
function usageAfter(program: string, words: readonly string[]): string {
  const [first = '', second = ''] = words
  const node: Node | undefined = Object.hasOwn(commands, first) ? commands[first] : undefined
  if (!node) return `${program} help lists the commands`
  if (!isGroup(node)) return `usage: ${usageOf(program, [first], node)}`
  const inner = Object.hasOwn(node.commands, second) ? node.commands[second] : undefined
  return inner ? `usage: ${usageOf(program, [first, second], inner)}` : `${program} ${first} --help explains them`
}

/** A refusal has the farm's explanation, which can contain names that others chose. */
function explain(error: Error, isClone: boolean): string {
  if (!(error instanceof Refusal)) return error.message
  const { status, problem } = error
  // The message of an unknown project already lists the known ones.
  const isListed = problem?.known?.every(name => error.message.includes(name))
  const known = problem?.known?.length && !isListed ? ` (known: ${problem.known.join(', ')})` : ''
  const advice =
    status === 401 && !/RUMPFARM_TOKEN|admin-token|ADMIN_TOKEN/.test(error.message) ? tokenAdvice(isClone) : ''
  return `${clean(error.message)}${clean(known) && ` ${clean(known)}`}${advice}`
}

const tokenAdvice = (isClone: boolean): string =>
  `\n${isClone ? 'This address is not the farm of this clone, or the clone has no token. ' : ''}Set RUMPFARM_TOKEN to a token of the farm`

async function answer(parsed: Parsed, surroundings: Surroundings, program: string): Promise<number> {
  const { out } = surroundings
  const print = async (lines: readonly string[]) => {
    if (lines.length > 0) await out.write(`${lines.join('\n')}\n`)
  }
  if (parsed.kind === 'version') {
    await print([`rumpfarm ${version}`])
    return exits.passed
  }
  if (parsed.kind === 'help') {
    const others = program === './farm' ? cloneCommands : []
    await print(helpText({ program, root: commands, others }, parsed.path, parsed.node))
    return exits.passed
  }
  const { command, input, json } = parsed
  const result = await command.run(contextOf(surroundings, program, json), input)
  if (typeof result === 'number') return result
  const { value, lines, exit = exits.passed }: Result = result
  await print(json ? [JSON.stringify(value, null, 2)] : lines)
  return exit
}

function contextOf(surroundings: Surroundings, program: string, json: boolean): Context {
  const { env, directory, out, notes, signal, now = () => new Date() } = surroundings
  let farm: ReturnType<Context['farm']> | undefined
  return {
    farm: () => (farm ??= openFarm(readSettings(env))),
    ...{ out, notes, json, program, directory, signal, now },
    style: styleFor(out.isTerminal, env),
  }
}
