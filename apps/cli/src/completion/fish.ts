import type { CommandWords, ScriptWords } from './words.ts'

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** The program's own `__values` lists names of the farm. */
const source = ({ choices, completes }: { choices: readonly string[]; completes: string | undefined }): string => {
  if (completes === 'file') return ' -F'
  if (completes) return ` -a '(__rumpfarm_values ${completes})'`
  return choices.length > 0 ? ` -a ${quoted(choices.join(' '))}` : ''
}

/** fish starts each rule of a command with the words before it. */
const seen = ({ path }: CommandWords): string => quoted(`__rumpfarm_is ${path.join(' ')}`)

function commandRules(program: string, one: CommandWords): string[] {
  const start = `complete -c ${program} -n ${seen(one)}`
  const flags = one.flags.map(flag => {
    const short = flag.short ? ` -s ${flag.short}` : ''
    return `${start} -l ${flag.name}${short}${flag.takesValue ? ` ${flag.completes === 'file' ? '-r' : '-x'}${source(flag)}` : ''} -d ${quoted(flag.says)}`
  })
  const args = one.args.flatMap((argument, index) => {
    const values = source(argument)
    const condition = quoted(
      `__rumpfarm_is ${one.path.join(' ')}; and __rumpfarm_argument ${one.path.length + index + 1}`,
    )
    return values === ''
      ? []
      : [`complete -c ${program} -n ${condition}${argument.completes === 'file' ? '' : ' -f'}${values}`]
  })
  return [...flags, ...args]
}

/** A script for fish 3. */
export const fishScript = ({ programs: [program = 'rumpfarm'], first, groups, commands }: ScriptWords): string => {
  const names = (rows: readonly (readonly [string, string])[], condition: string) =>
    rows.map(([name, says]) => `complete -c ${program} -f -n ${quoted(condition)} -a ${name} -d ${quoted(says)}`)
  return `# fish completion of ${program}
function __rumpfarm_values
    set -l words (commandline -opc)
    $words[1] __values $argv 2>/dev/null
end

function __rumpfarm_is
    set -l words (commandline -opc)
    set -l last (math 1 + (count $argv))
    test (count $words) -ge $last; and test "$words[2..$last]" = "$argv"
end

function __rumpfarm_argument
    test (count (commandline -opc)) -eq $argv[1]
end

complete -c ${program} -f
${[
  ...names(first, '__rumpfarm_argument 1'),
  ...names(first, '__rumpfarm_is help; and __rumpfarm_argument 2'),
  ...groups.flatMap(([name, inner]) => names(inner, `__rumpfarm_is ${name}; and __rumpfarm_argument 2`)),
  ...commands.flatMap(one => commandRules(program, one)),
].join('\n')}
`
}
