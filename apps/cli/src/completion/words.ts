import { type Command, type Completes, type Flags, isGroup, type Node } from '../parsing/command.ts'
import { commonFlags } from '../parsing/parse.ts'

/** What the shell can complete after one of the commands. */
export interface CommandWords {
  /** `build`, or `host pause`. */
  path: readonly string[]
  says: string
  flags: FlagWords[]
  /** What the arguments are, in order. */
  args: { choices: readonly string[]; completes: Completes | undefined }[]
}

export interface FlagWords {
  name: string
  short: string | undefined
  says: string
  takesValue: boolean
  choices: readonly string[]
  completes: Completes | undefined
}

const flagWords = (flags: Flags): FlagWords[] =>
  Object.entries(flags).map(([name, flag]) => ({
    name,
    short: flag.short,
    says: flag.says,
    takesValue: flag.kind !== 'switch',
    choices: 'choices' in flag ? (flag.choices ?? []) : [],
    completes: flag.completes,
  }))

const commandWords = (path: string[], { says, args, flags }: Command): CommandWords => ({
  path,
  says,
  flags: flagWords({ ...flags, ...commonFlags }),
  args: Object.values(args).map(({ choices = [], completes }) => ({ choices, completes })),
})

/** The words of all commands. */
export const wordsOf = (root: Record<string, Node>): CommandWords[] =>
  Object.entries(root).flatMap(([name, node]) =>
    isGroup(node)
      ? Object.entries(node.commands).map(([inner, command]) => commandWords([name, inner], command))
      : [commandWords([name], node)],
  )

/** The first words with their descriptions. */
export const firstWords = (root: Record<string, Node>): [string, string][] =>
  Object.entries(root).map(([name, { says }]) => [name, says])

/** The second words of a group. */
export const groupsOf = (root: Record<string, Node>): [string, [string, string][]][] =>
  Object.entries(root).flatMap(([name, node]): [string, [string, string][]][] =>
    isGroup(node) ? [[name, Object.entries(node.commands).map(([inner, { says }]) => [inner, says])]] : [],
  )

/** What the scripts of all shells contain. */
export interface ScriptWords {
  /** The names under which the shell knows the program. */
  programs: string[]
  first: [string, string][]
  groups: ReturnType<typeof groupsOf>
  commands: ReturnType<typeof wordsOf>
}
