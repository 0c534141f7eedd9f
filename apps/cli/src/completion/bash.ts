import type { CommandWords, ScriptWords } from './words.ts'

const joined = (words: readonly string[]): string => words.join(' ')

const candidatesFor = ({
  choices,
  completes,
}: {
  choices: readonly string[]
  completes: string | undefined
}): string => {
  if (completes === 'file') return 'COMPREPLY=($(compgen -f -- "$current"))'
  if (completes) return `_rumpfarm_words "$(_rumpfarm_values ${completes})"`
  return choices.length > 0 ? `_rumpfarm_words "${joined(choices)}"` : ':'
}

function commandCase({ path, flags, args }: CommandWords): string {
  const names = flags.flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])])
  const valued = flags.filter(({ takesValue }) => takesValue)
  const values = valued.map(flag => {
    const names = [`--${flag.name}`, ...(flag.short ? [`-${flag.short}`] : [])].join(' | ')
    return `        ${names}) ${candidatesFor(flag)}; return ;;`
  })
  const positions = args.map((argument, index) => `        ${index}) ${candidatesFor(argument)} ;;`)
  return `    '${joined(path)}')
      case $previous in
${values.join('\n')}${values.length > 0 ? '\n' : ''}        *) ;;
      esac
      case $current in -*) _rumpfarm_words "${joined(names)}"; return ;; esac
      case $((COMP_CWORD - ${path.length + 1})) in
${positions.join('\n')}${positions.length > 0 ? '\n' : ''}        *) ;;
      esac
      ;;`
}

/** A script for bash 3.2 and later. */
export const bashScript = ({
  programs,
  first,
  groups,
  commands,
}: ScriptWords): string => `# bash completion of ${programs[0]}
_rumpfarm_words() {
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}

_rumpfarm_values() {
  "\${COMP_WORDS[0]}" __values "$1" 2>/dev/null
}

_rumpfarm() {
  local current previous command
  current=\${COMP_WORDS[COMP_CWORD]}
  previous=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -le 1 ]; then
    _rumpfarm_words "${joined(first.map(([name]) => name))}"
    return
  fi
  command=\${COMP_WORDS[1]}
  case $command in
    help)
      _rumpfarm_words "${joined(first.map(([name]) => name))}"
      return
      ;;
${groups
  .map(
    ([name, inner]) => `    ${name})
      if [ "$COMP_CWORD" -eq 2 ]; then
        _rumpfarm_words "${joined(inner.map(([word]) => word))}"
        return
      fi
      command="$command \${COMP_WORDS[2]}"
      ;;`,
  )
  .join('\n')}
  esac
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

complete -F _rumpfarm ${joined(programs)}
`
