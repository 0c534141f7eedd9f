import { cloneCommands } from '../clone-commands.ts'
import { command, type Node } from '../parsing/command.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { firstWords, groupsOf, wordsOf } from './words.ts'
import { zshScript } from './zsh.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
const shells = ['bash', 'zsh', 'fish'] as const

/** `root` is a function, because the list of all commands contains this command too. */
export const completion = (root: () => Record<string, Node>) =>
  command({
    says: 'Print a script that completes commands in a shell.',
    more: ['The script asks the farm for the names of projects and hosts, and for the newest builds and jobs.'],
    args: { shell: { choices: shells, says: 'the shell' } },
    offline: true,
    examples: ['completion bash > ~/.local/share/bash-completion/completions/rumpfarm'],
    async run({ program }, { args: { shell } }) {
      const isClone = program === './farm'
      const others = isClone ? cloneCommands.map(({ name, says }): [string, string] => [name, says]) : []
      const script = scripts[shell]({
        programs: isClone ? ['farm', './farm'] : ['rumpfarm'],
        first: [...firstWords(root()), ['help', 'Explain a command.'], ...others],
        groups: groupsOf(root()),
        commands: wordsOf(root()),
      })
      return { value: { shell, script }, lines: [script.trimEnd()] }
    },
  })
