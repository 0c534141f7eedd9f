import type { ServerView } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { problemsOf } from './membership.ts'

const now = new Date('2026-01-02T03:04:05Z')
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000)

const server = (id: string, changes: Partial<ServerView> = {}): ServerView => ({
  ...{ id, name: `${id}:8080`, migration: '1', queues: 'redis', storage: 's', secretSum: 'x', fileSum: 'f' },
  ...{ startedAt: ago(600), seenAt: ago(1), clockAheadMs: 0, otherFile: null },
  ...changes,
})

const problems = (other: Partial<ServerView>, hears = true) => {
  const self = server('one')
  return problemsOf({ self, servers: [self, server('two', other)], bus: { hears: () => hears }, now })
}

const other = { acceptedAt: ago(120).toISOString(), acceptedBy: 'one:8080' }

const table: [string, string[] | string, Partial<ServerView>, boolean][] = [
  ['servers agree', [], {}, true],
  ['a clock is 4 s ahead', [], { clockAheadMs: 4_000 }, true],
  ['a clock is a minute ahead', /clock of two:8080 is 60 s ahead of/.source, { clockAheadMs: 60_000 }, true],
  ['a clock is a minute behind', /clock of two:8080 is 60 s behind/.source, { clockAheadMs: -60_000 }, true],
  [
    'a server has another farm.yaml',
    /farm.yaml of two:8080 is not the active one, which one:8080/.source,
    { otherFile: other },
    true,
  ],
  ['farm.yaml is new', [], { otherFile: { ...other, acceptedAt: ago(30).toISOString() } }, true],
  ['a server has just started', [], { otherFile: other, startedAt: ago(5) }, true],
  ['a server is not heard', /receives no wake-ups from two:8080/.source, {}, false],
  ['a server that is not heard has probably been killed', [], { seenAt: ago(7) }, false],
  ['a server that is not heard has just started', [], { startedAt: ago(5) }, false],
]

for (const [what, expected, given, hears] of table) {
  test(`if ${what}, ${Array.isArray(expected) ? 'there is no problem' : 'there is a problem'}`, () => {
    const found = problems(given, hears)
    if (Array.isArray(expected)) expect(found).toEqual([])
    else expect(found).toEqual([expect.stringMatching(expected)])
  })
}
