import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cloneCommands } from './clone-commands.ts'
import { commands } from './commands/commands.ts'
import { isGroup } from './parsing/command.ts'
import { usageOf } from './parsing/help.ts'

const fileOf = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8')

const all = Object.entries(commands).flatMap(([name, node]) =>
  isGroup(node)
    ? Object.entries(node.commands).map(([inner, command]) => ({ path: [name, inner], command }))
    : [{ path: [name], command: node }],
)

test('the table of docs/command-line.md has the usage of each command', () => {
  const rows = all.map(
    ({ path, command }) =>
      `| \`${usageOf('', path, command).trim().replaceAll('|', '\\|')}\` | ${command.says.replaceAll('|', '\\|')} |`,
  )
  const found = fileOf('docs/command-line.md')
    .split('\n')
    .filter(line => line.startsWith('| `'))
  expect(found).toEqual(rows)
})

test('the script ./farm has the same commands, and its usage names each of them', () => {
  const script = fileOf('farm')
  const [, ours = ''] = /^ {2}(status \|[^)]*)\)$/m.exec(script) ?? []
  const [, others = ''] = /^ {2}(start \|[^)]*)\)$/m.exec(script) ?? []
  const words = (text: string) =>
    text
      .replaceAll('\\', '')
      .split('|')
      .map(word => word.trim())
      .sort()
  expect(words(ours)).toEqual([...Object.keys(commands), '__values'].sort())
  expect(words(others)).toEqual(cloneCommands.map(({ name }) => name).sort())
  const [, usage = ''] = /usage\(\) \{([\s\S]*?)\nEND\n/.exec(script) ?? []
  for (const name of [...Object.keys(commands), ...cloneCommands.map(({ name }) => name)])
    expect(usage).toMatch(new RegExp(`\\./farm (?:[^\\n]*\\b)?${name}\\b`))
})
