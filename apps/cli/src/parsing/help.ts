import { type Command, type Flag, type Flags, type Group, isGroup, type Node } from './command.ts'
import { commonFlags, shownName } from './parse.ts'

/** A line of the list of commands that are not in `root`, such as `./farm start`. */
export interface OtherCommand {
  usage: string
  says: string
}

interface Help {
  /** The program's name: `rumpfarm` or `./farm`. */
  program: string
  root: Record<string, Node>
  others?: readonly OtherCommand[]
}

/** The usage line of a command. */
export const usageOf = (program: string, path: readonly string[], { args, flags }: Command): string =>
  [
    program,
    ...path,
    ...Object.entries(args).map(([key, argument]) => {
      const { choices, optional, many, shown } = argument
      const name = choices && !shown ? choices.join('|') : shownName(key, argument)
      return `${optional || many ? `[${name}]` : name}${many ? '…' : ''}`
    }),
    ...Object.entries(flags).map(([name, flag]) => `[${flagText(name, flag)}]${flag.kind === 'list' ? '…' : ''}`),
  ].join(' ')

const flagText = (name: string, flag: Flag): string =>
  `--${name}${flag.kind === 'switch' ? '' : ` ${'choices' in flag && flag.choices ? flag.choices.join('|') : flag.value}`}`

/** The help of the program, a group or a command. */
export function helpText(help: Help, path: readonly string[], node: Node | undefined): string[] {
  if (!node) return programHelp(help)
  return isGroup(node) ? groupHelp(help, path, node) : commandHelp(help, path, node)
}

function programHelp({ program, root, others = [] }: Help): string[] {
  const rows = Object.entries(root).flatMap(([name, node]): [string, string][] =>
    isGroup(node)
      ? Object.entries(node.commands).map(([inner, { says }]) => [`${name} ${inner}`, says])
      : [[name, node.says]],
  )
  return [
    `usage: ${program} COMMAND [ARGUMENTS] [OPTIONS]`,
    '',
    'Commands that speak with a farm:',
    ...listed(rows),
    ...(others.length > 0
      ? ['', 'Commands of this clone:', ...listed(others.map(({ usage, says }) => [usage, says]))]
      : []),
    '',
    `${program} COMMAND --help explains a command. Every command accepts --json.`,
    'Exit code: 0 passed or done, 1 failed, 2 wrong usage, 3 no verdict (for example, no farm answers).',
    'RUMPFARM_URL is the address of the farm, and RUMPFARM_TOKEN a token for changes.',
  ]
}

const groupHelp = ({ program }: Help, path: readonly string[], { says, commands }: Group): string[] => [
  `usage: ${program} ${path.join(' ')} COMMAND`,
  '',
  says,
  '',
  ...Object.entries(commands).flatMap(([name, inner]) => [
    `  ${usageOf(program, [...path, name], inner)}`,
    `      ${inner.says}`,
  ]),
]

function commandHelp({ program }: Help, path: readonly string[], command: Command): string[] {
  const { says, more = [], args, flags, examples = [] } = command
  const argumentRows = Object.entries(args).map(([key, argument]): [string, string] => [
    shownName(key, argument),
    argument.choices && argument.shown ? `${argument.says}: ${argument.choices.join(', ')}` : argument.says,
  ])
  return [
    `usage: ${usageOf(program, path, command)}`,
    '',
    says,
    ...more,
    ...(argumentRows.length > 0 ? ['', 'Arguments:', ...listed(argumentRows)] : []),
    '',
    'Options:',
    ...listed(flagRows({ ...flags, ...commonFlags })),
    ...(examples.length > 0 ? ['', 'Examples:', ...examples.map(example => `  ${program} ${example}`)] : []),
  ]
}

const flagRows = (flags: Flags): [string, string][] =>
  Object.entries(flags).map(([name, flag]) => [
    `${flag.short ? `-${flag.short}, ` : ''}${flagText(name, flag)}`,
    flag.kind === 'list' ? `${flag.says}; can occur several times` : flag.says,
  ])

/** Two columns. A long left text has its own line. */
const columnMax = 34

function listed(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => (left.length > columnMax ? 0 : left.length)))
  return rows.flatMap(([left, right]) =>
    left.length > width ? [`  ${left}`, `  ${' '.repeat(width)}  ${right}`] : [`  ${left.padEnd(width)}  ${right}`],
  )
}
