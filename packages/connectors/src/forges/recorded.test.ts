// Deliveries that a real Gitea 1.15.11 and a real Gogs 0.11.91 sent on 2026-11-30, set up as the project page says. Only the
// addresses and the signatures are different: the tests sign with their own secret.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { check, hex } from '../support/signed-delivery.ts'
import { read } from './delivery.ts'
import type { ForgeEvent } from './event.ts'
import { recognise } from './recognise.ts'

interface Recorded {
  name: string
  headers: Record<string, string>
  body: object
}

const recorded = (kind: 'gitea' | 'gogs') =>
  readFileSync(new URL(`recorded/${kind}.ndjson`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line): Recorded => JSON.parse(line))

/** What the farm reads, in one line. */
function summary(event: ForgeEvent): string {
  switch (event.kind) {
    case 'refs':
      return event.changes.map(({ ref, before, after }) => `${ref} ${short(before)} ${short(after)}`).join()
    case 'pull-request':
      return [
        event.action,
        event.number,
        event.fork ? 'fork' : 'own',
        event.base.branch,
        short(event.head.commit),
      ].join(' ')
    case 'release':
      return `${event.action} ${event.tag}`
    case 'other':
      return event.why
    default:
      return event.kind
  }
}
const short = (commit: string | null) => commit?.slice(0, 7) ?? 'none'

function deliver(kind: 'gitea' | 'gogs', { headers, body }: Recorded) {
  const json = Buffer.from(JSON.stringify(body, undefined, 2))
  const signed = { ...headers, [`x-${kind}-signature`]: hex(json) }
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded'
  const bytes = isForm ? Buffer.from(new URLSearchParams({ payload: json.toString() }).toString()) : json
  expect([recognise(signed), check(kind, { headers: signed, body: bytes })]).toEqual([
    kind,
    { kind: 'valid', secret: 0 },
  ])
  const event = read(kind, signed, bytes)
  if (event.kind === 'malformed') throw new Error(`${event.where}: ${event.problem}`)
  expect(event.repositoryUrls).toContain('https://git.example.org/ada/engine.git')
  return summary(event)
}

describe.each(['gitea', 'gogs'] as const)('a real %s', kind => {
  test('the farm reads each of its deliveries', () => {
    const read = Object.fromEntries(recorded(kind).map(one => [one.name, deliver(kind, one)]))
    expect(read).toMatchSnapshot()
  })
})
