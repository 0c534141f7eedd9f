import type { Context } from '../context.ts'

/** The verdict of what a command shows, as an exit code. */
export const exits = { passed: 0, failed: 1, usage: 2, unknown: 3 } as const

export type Exit = (typeof exits)[keyof typeof exits]

/** What a value names, so that the shell can complete it. */
export type Completes = 'project' | 'host' | 'build' | 'job' | 'file'

interface Described {
  says: string
  completes?: Completes
}

export interface Argument extends Described {
  /** A whole number, 1 or more. */
  number?: true
  optional?: true
  /** All further arguments too. Only the last argument can have this. */
  many?: true
  choices?: readonly string[]
  /** The name in the usage line; by default the key in capital letters. */
  shown?: string
}

export type Flag = Described & { short?: string } & (
    | { kind: 'switch' }
    | { kind: 'text'; value: string; choices?: readonly string[] }
    /** Can occur several times. */
    | { kind: 'list'; value: string }
    | { kind: 'number'; value: string; min: number; max: number }
  )

type ArgumentValue<A extends Argument> = A extends { many: true }
  ? string[]
  :
      | (A extends { number: true } ? number : A extends { choices: readonly (infer Choice)[] } ? Choice : string)
      | (A extends { optional: true } ? undefined : never)

type FlagValue<F extends Flag> = F extends { kind: 'switch' }
  ? boolean
  : F extends { kind: 'list' }
    ? string[]
    : F extends { kind: 'number' }
      ? number | undefined
      : F extends { choices: readonly (infer Choice)[] }
        ? Choice | undefined
        : string | undefined

export type Arguments = Record<string, Argument>
export type Flags = Record<string, Flag>

export interface Input<A extends Arguments, F extends Flags> {
  args: { [Name in keyof A]: ArgumentValue<A[Name]> }
  flags: { [Name in keyof F]: FlagValue<F[Name]> }
}

/** What a command found. `--json` prints `value`, and otherwise the lines are printed. */
export interface Result {
  value: unknown
  lines: string[]
  exit?: Exit
}

/** A command that sends requests to a farm. It returns its result, or prints itself and returns an exit code. */
export interface Command {
  says: string
  /** Further sentences for the help. */
  more?: readonly string[]
  args: Arguments
  flags: Flags
  examples?: readonly string[]
  /** Needs no farm. */
  offline?: true
  run(context: Context, input: Input<Arguments, Flags>): Promise<Result | Exit>
}

/** Several commands with the same first word, such as `host invite` and `host pause`. */
export interface Group {
  says: string
  commands: Record<string, Command>
}

export type Node = Command | Group

export const isGroup = (node: Node): node is Group => 'commands' in node

interface Definition<A extends Arguments, F extends Flags> {
  says: string
  more?: readonly string[]
  args?: A
  flags?: F
  examples?: readonly string[]
  offline?: true
  run(context: Context, input: Input<A, F>): Promise<Result | Exit>
}

/** Checks the types of the values that `run` receives. */
export const command = <
  const A extends Arguments = Record<never, never>,
  const F extends Flags = Record<never, never>,
>({
  args,
  flags,
  ...rest
}: Definition<A, F>): Command => ({ ...rest, args: args ?? {}, flags: flags ?? {} }) as unknown as Command

/** Thrown if the words on the command line do not match the usage of the command. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}
