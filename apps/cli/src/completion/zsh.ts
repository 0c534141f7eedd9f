import type { CommandWords, FlagWords, ScriptWords } from './words.ts'

/** A text inside single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A description of `_describe` and `_arguments`. */
const described = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&')

const action = ({ choices, completes }: Pick<FlagWords, 'choices' | 'completes'>): string => {
  if (completes === 'file') return '_files'
  if (completes) return `{_rumpfarm_values ${completes}}`
  return choices.length > 0 ? `(${choices.join(' ')})` : ' '
}

function flagSpecs(flag: FlagWords): string[] {
  const { name, short, says, takesValue } = flag
  const value = takesValue ? `:value:${action(flag)}` : ''
  return [`--${name}`, ...(short ? [`-${short}`] : [])].map(word => quoted(`${word}[${described(says)}]${value}`))
}

function commandCase({ path, flags, args }: CommandWords): string {
  const specs = [
    ...flags.flatMap(flagSpecs),
    ...args.map((argument, index) => quoted(`${index + 1}:argument:${action(argument)}`)),
  ]
  return `    ${quoted(path.join(' '))})
      _arguments -s ${specs.join(' \\\n        ')}
      ;;`
}

const descriptions = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, says]) => quoted(`${name}:${described(says)}`)).join(' \\\n      ')

/** A script for zsh 5. It can be a file `_rumpfarm` of `fpath`, or be read with `source`. */
export const zshScript = ({ programs, first, groups, commands }: ScriptWords): string => `#compdef ${programs.join(' ')}
# zsh completion of ${programs[0]}
_rumpfarm_values() {
  local -a values
  values=(\${(f)"$($_rumpfarm_program __values $1 2>/dev/null)"})
  compadd -a values
}

_rumpfarm() {
  local _rumpfarm_program=\${(Q)words[1]} command
  local -a names
  if (( CURRENT == 2 )); then
    names=(${descriptions(first)})
    _describe command names
    return
  fi
  command=$words[2]
  case $command in
    help)
      names=(${descriptions(first)})
      _describe command names
      return
      ;;
${groups
  .map(
    ([name, inner]) => `    ${name})
      if (( CURRENT == 3 )); then
        names=(${descriptions(inner)})
        _describe command names
        return
      fi
      command="$command $words[3]"
      shift words
      (( CURRENT-- ))
      ;;`,
  )
  .join('\n')}
  esac
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _rumpfarm "$@"
else
  compdef _rumpfarm ${programs.join(' ')}
fi
`
