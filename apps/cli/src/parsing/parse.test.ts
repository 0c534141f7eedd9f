import { expect, test } from 'vitest'
import { command, type Group, type Node } from './command.ts'
import { helpText } from './help.ts'
import { parse } from './parse.ts'

const run = async () => 0 as const
const sample = command({
  says: 'Do something.',
  args: { build: { number: true, says: 'a build' }, hostName: { optional: true, says: 'a host' } },
  flags: {
    follow: { kind: 'switch', short: 'f', says: 'follow' },
    tail: { kind: 'number', value: 'N', min: 0, max: 10, says: 'lines' },
    scope: { kind: 'text', value: 'SCOPE', choices: ['trigger', 'admin'], says: 'scope' },
    host: { kind: 'list', value: 'PATTERN', says: 'hosts' },
  },
  examples: ['sample 1 -f'],
  run,
})
const many = command({ says: 'Take all.', args: { words: { many: true, says: 'words' } }, run })
const group: Group = { says: 'A group.', commands: { list: command({ says: 'List.', run }), remove: many } }
const root: Record<string, Node> = { sample, group }

const read = (...words: string[]) => {
  const parsed = parse(words, root, ['start'])
  return parsed.kind === 'run' ? { ...parsed.input, json: parsed.json, path: parsed.path } : parsed
}

const flags = { follow: false, tail: undefined, scope: undefined, host: [] }

test.each([
  [['sample', '7'], { args: { build: 7 }, flags, json: false, path: ['sample'] }],
  [['sample', '7', 'vax', '--json'], { args: { build: 7, hostName: 'vax' }, flags, json: true, path: ['sample'] }],
  [['sample', '-f', '7', '--tail', '0'], { args: { build: 7 }, flags: { ...flags, follow: true, tail: 0 } }],
  [['sample', '7', '--host=a', '--host', 'b'], { flags: { ...flags, host: ['a', 'b'] } }],
  [['sample', '7', '--scope', 'admin'], { flags: { ...flags, scope: 'admin' } }],
  [['sample', '--', '7', '-x'], { args: { build: 7, hostName: '-x' } }],
  [['group', 'remove', 'a', 'b'], { args: { words: ['a', 'b'] }, path: ['group', 'remove'] }],
  [['sample', '--help'], { kind: 'help', path: ['sample'] }],
  [['sample', 'wrong', '-h'], { kind: 'help', path: ['sample'] }],
  [['group', '--help'], { kind: 'help', path: ['group'] }],
  [['help', 'group', 'list'], { kind: 'help', path: ['group', 'list'] }],
  [['help'], { kind: 'help', path: [] }],
  [[], { kind: 'help', path: [] }],
  [['--version'], { kind: 'version' }],
])('%j is accepted', (words, expected) => expect(read(...words)).toMatchObject(expected))

test.each([
  [['smaple'], 'unknown command "smaple"; did you mean "sample"?'],
  [['strat'], 'unknown command "strat"; did you mean "start"?'],
  [['constructor'], 'unknown command "constructor"'],
  [['group'], '"group" needs one of these commands: list, remove'],
  [['group', 'lsit'], 'unknown command "group lsit"; did you mean "group list"?'],
  [['sample'], 'BUILD is missing'],
  [['sample', 'x'], 'BUILD is "x"; it must be a whole number from 1 to 2147483647'],
  [['sample', '2147483648'], 'BUILD is "2147483648"; it must be a whole number from 1 to 2147483647'],
  [['sample', '7', ''], 'HOST-NAME is empty'],
  [['sample', '7', 'vax', 'more'], 'unexpected argument "more"'],
  [['sample', '7', '--folow'], 'unknown option "--folow"; did you mean "--follow"?'],
  [['sample', '7', '--xyz'], 'unknown option "--xyz"'],
  [['sample', '7', '-x'], 'unknown option "-x"'],
  [['sample', '7', '--tail'], 'the option "--tail" needs a value: --tail N'],
  [['sample', '7', '--tail', '11'], '--tail is "11"; it must be a whole number from 0 to 10'],
  [['sample', '7', '--follow=1'], 'the option "--follow" takes no value'],
  [['sample', '7', '--scope', 'admn'], '--scope is "admn"; it must be one of trigger, admin; did you mean "admin"?'],
])('%j is refused: %s', (words, message) => {
  expect(() => read(...words)).toThrow(expect.objectContaining({ name: 'UsageError', message }))
})

test('the help of a command has its usage, arguments, options and examples', () => {
  const lines = [
    'usage: rumpfarm sample BUILD [HOST-NAME] [--follow] [--tail N] [--scope trigger|admin] [--host PATTERN]…',
    '',
    'Do something.',
    '',
    'Arguments:',
    '  BUILD      a build',
    '  HOST-NAME  a host',
    '',
    'Options:',
    '  -f, --follow           follow',
    '  --tail N               lines',
    '  --scope trigger|admin  scope',
    '  --host PATTERN         hosts; can occur several times',
    '  --json                 print JSON, for programs',
    '  -h, --help             print this help',
    '',
    'Examples:',
    '  rumpfarm sample 1 -f',
  ]
  expect(helpText({ program: 'rumpfarm', root }, ['sample'], sample)).toEqual(lines)
})

test('the help of the program lists the commands of the groups, and those of the clone', () => {
  const others = [{ usage: 'start', says: 'start the farm' }]
  const lines = helpText({ program: './farm', root, others }, [], undefined)
  for (const line of ['  sample        Do something.', '  group remove  Take all.', '  start  start the farm'])
    expect(lines).toContain(line)
})
