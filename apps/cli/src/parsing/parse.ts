import { parseArgs } from 'node:util'
import {
  type Argument,
  type Arguments,
  type Command,
  type Flag,
  type Flags,
  type Input,
  isGroup,
  type Node,
  UsageError,
} from './command.ts'
import { didYouMean } from './suggest.ts'

/** The flags that every command has. */
export const commonFlags = {
  json: { kind: 'switch', says: 'print JSON, for programs' },
  help: { kind: 'switch', short: 'h', says: 'print this help' },
} as const satisfies Flags

export type Parsed =
  | { kind: 'run'; path: string[]; command: Command; input: Input<Arguments, Flags>; json: boolean }
  | { kind: 'help'; path: string[]; node: Node | undefined }
  | { kind: 'version' }

/** Reads the words after the program's name. Throws a `UsageError` if they do not match the usage of a command. */
export function parse(
  words: readonly string[],
  root: Record<string, Node>,
  otherNames: readonly string[] = [],
): Parsed {
  const [first = 'help', ...rest] = words
  if (first === '--version' || first === '-V') return { kind: 'version' }
  if (first === '--help' || first === '-h') return { kind: 'help', path: [], node: undefined }
  if (first === 'help') return helpFor(rest, root, otherNames)
  const { path, node, left } = walk(words, root, otherNames)
  if (isGroup(node)) {
    if (left.length > 0 && isHelp(left[0])) return { kind: 'help', path, node }
    throw new UsageError(`"${path.join(' ')}" needs one of these commands: ${Object.keys(node.commands).join(', ')}`)
  }
  return readCommand(path, node, left)
}

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h'

function helpFor(words: readonly string[], root: Record<string, Node>, otherNames: readonly string[]): Parsed {
  if (words.length === 0) return { kind: 'help', path: [], node: undefined }
  const { path, node } = walk(words, root, otherNames)
  return { kind: 'help', path, node }
}

/** Finds the command that the first words name. */
function walk(words: readonly string[], root: Record<string, Node>, otherNames: readonly string[]) {
  const [first = '', second, ...rest] = words
  const node = own(root, first)
  if (!node) throw unknownCommand(first, [...Object.keys(root), 'help', ...otherNames])
  if (!isGroup(node) || second === undefined || second.startsWith('-'))
    return { path: [first], node, left: words.slice(1) }
  const inner = own(node.commands, second)
  if (!inner)
    throw unknownCommand(
      `${first} ${second}`,
      Object.keys(node.commands).map(name => `${first} ${name}`),
    )
  return { path: [first, second], node: inner, left: rest }
}

const own = <Value>(record: Record<string, Value>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

const unknownCommand = (typed: string, names: readonly string[]): UsageError =>
  new UsageError(`unknown command "${typed}"${didYouMean(typed, names)}`)

function readCommand(path: string[], command: Command, words: readonly string[]): Parsed {
  const flags: Flags = { ...command.flags, ...commonFlags }
  const { values, positionals } = split(words, flags)
  if (values.help) return { kind: 'help', path, node: command }
  const read = Object.entries(command.flags).map(([name, flag]) => [name, flagValue(name, flag, values[name])])
  const input = { args: argumentValues(command.args, positionals), flags: Object.fromEntries(read) }
  return { kind: 'run', path, command, input: input as Input<Arguments, Flags>, json: values.json === true }
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

function split(words: readonly string[], flags: Flags): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === 'switch' ? ('boolean' as const) : ('string' as const),
        multiple: kind === 'list',
        ...(short ? { short } : {}),
      },
    ]),
  )
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(explain(error as Error & { code?: string }, words, flags))
  }
}

/** Node's own message does not name similar options. */
function explain({ code, message }: Error & { code?: string }, words: readonly string[], flags: Flags): string {
  const [, named = ''] = /'(-[^' ,]*)/.exec(message) ?? []
  const [typed = named] = named.split('=')
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    return `unknown option "${typed}"${didYouMean(typed.replace(/^-+/, ''), Object.keys(flags), '--')}`
  const [name] = /--[\w-]+/.exec(message) ?? [typed]
  const flag = flags[(name ?? '').slice(2)]
  if (flag?.kind === 'switch') return `the option "${name}" takes no value`
  if (flag) return `the option "${name}" needs a value: ${name} ${flag.value}`
  return `${message.split('. ')[0]} (${words.join(' ')})`
}

function flagValue(name: string, flag: Flag, value: Values[string]): unknown {
  if (flag.kind === 'switch') return value === true
  if (flag.kind === 'list') return (value as string[] | undefined) ?? []
  if (value === undefined) return undefined
  const text = String(value)
  if (flag.kind === 'number') return numberIn(`--${name}`, text, flag.min, flag.max)
  if (flag.choices) return choiceOf(`--${name}`, text, flag.choices)
  if (text === '') throw new UsageError(`the option "--${name}" needs a value: --${name} ${flag.value}`)
  return text
}

function choiceOf(name: string, text: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text
  throw new UsageError(`${name} is "${text}"; it must be one of ${choices.join(', ')}${didYouMean(text, choices)}`)
}

const numberMax = 2_147_483_647
/** The numbers of jobs have more digits than other numbers. */
export const jobMax = 999_999_999_999_999

function numberIn(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}

/** The name of an argument in the usage line. */
export const shownName = (key: string, { shown }: Argument): string =>
  shown ?? key.replace(/[A-Z]/g, '-$&').toUpperCase()

function argumentValues(specified: Arguments, positionals: readonly string[]): Record<string, unknown> {
  const left = [...positionals]
  const values: Record<string, unknown> = {}
  for (const [key, argument] of Object.entries(specified)) {
    const name = shownName(key, argument)
    const text = argument.many ? undefined : left.shift()
    if (argument.many) values[key] = left.splice(0)
    else if (text !== undefined) values[key] = argumentValue(name, argument, text)
    else if (!argument.optional) throw new UsageError(`${name} is missing`)
  }
  if (left.length > 0) throw new UsageError(`unexpected argument "${left[0]}"`)
  return values
}

function argumentValue(name: string, { number, choices, completes }: Argument, text: string): string | number {
  if (number) return numberIn(name, text, 1, completes === 'job' ? jobMax : numberMax)
  if (text === '') throw new UsageError(`${name} is empty`)
  return choices ? choiceOf(name, text, choices) : text
}
