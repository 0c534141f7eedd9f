import { describe, expect, test } from 'vitest'
import type { GlanceCell } from './glance-cell.rule.ts'
import type { Look } from './look.rule.ts'
import { type Cause, newsOf } from './news.rule.ts'

const at = (hour: number) => new Date(Date.UTC(2024, 4, 6, hour))

/** `new build c3/c2 f1 vax`: newly fails at the step build since the commit c3, last good c2, fingerprint f1, on the host vax. */
const cellOf = (text: string): GlanceCell => {
  const [look, step = null, commits = '', fingerprint, host = 'vax'] = text.split(' ')
  const [since, good] = commits.split('/').map(commit =>
    commit === ''
      ? null
      : {
          buildId: Number(commit.slice(1)),
          jobId: null,
          commit,
          at: at(Number(commit.slice(1))),
          position: Number(commit.slice(1)),
        },
  )
  return {
    project: 'base',
    branch: 'main',
    host,
    arch: 'amd64',
    variant: 'default',
    look: look as Look,
    step,
    timedOut: false,
    sinceMs: since?.at.getTime() ?? null,
    activity: null,
    jobId: 7,
    fingerprint: fingerprint === undefined || fingerprint === '-' ? null : fingerprint,
    since: since ?? null,
    lastGood: good ?? null,
    active: null,
  }
}

const line = ({ kind, step, since, lastGood, hosts, before }: Cause) =>
  `${kind} ${step} (${lastGood?.commit ?? 'never'}, ${since.commit}] on ${hosts.join(' ')}${before > 0 ? ` +${before}` : ''}`
const news = (...texts: string[]) => newsOf(texts.map(cellOf), [], () => 9)

describe('cells with one cause are one entry', () => {
  test.each([
    [['new build c3/c2 f1 a', 'new build c3/c2 f1 b'], ['new build (c2, c3] on a b']],
    // A slow host skipped the commit c3, so it fails since c4.
    [['new build c3/c2 f1 a', 'new build c4/c2 f1 b'], ['new build (c2, c3] on a b']],
    // Two compilers report one mistake with different words.
    [['new build c3/c2 f1 a', 'new build c3/c2 f2 b'], ['new build (c2, c3] on a b']],
    // Without fingerprints, the first failing commit decides.
    [
      ['new build c3/c2 - a', 'new build c4/c3 - b'],
      ['new build (c3, c4] on b', 'new build (c2, c3] on a'],
    ],
    [
      ['new build c3/c2 - a', 'new tests c3/c2 - b'],
      ['new build (c2, c3] on a', 'new tests (c2, c3] on b'],
    ],
    // The last good commits of two hosts bound the range.
    [['new build c5/c1 f1 a', 'new build c5/c4 f1 b'], ['new build (c4, c5] on a b']],
    [['unconfirmed build c3/c2 f1 a', 'new build c3/c2 f1 b'], ['new build (c2, c3] on a b']],
    [['unconfirmed build c3/c2 f1 a'], ['unconfirmed build (c2, c3] on a']],
    // The same failure is older on another host.
    [['new build c9/c8 f1 a', 'failing build c3/c2 f1 b'], ['new build (c8, c9] on a +1']],
  ])('%j are %j', (texts, lines) => {
    expect(news(...texts).failing.map(line)).toEqual(lines)
  })

  test('old failures are separate, newest first', () => {
    const { still, failing } = news('old build c1/ f1 a', 'failing tests c5/c4 f2 a', 'passed', 'known build c1/ - a')
    expect(still.map(line)).toEqual(['still tests (c4, c5] on a', 'still build (never, c1] on a'])
    expect(failing).toEqual([])
  })

  test('fixed cells are grouped by the commit that passes again', () => {
    const { fixed } = news('fixed . c5/c5 - a', 'fixed . c5/c5 - b', 'fixed . c6/c6 - c')
    expect(fixed.map(({ since, hosts }) => [since.commit, hosts])).toEqual([
      ['c6', ['c']],
      ['c5', ['a', 'b']],
    ])
  })
})

test('a cause has the number of commits in its range, if the positions are known', () => {
  expect(news('new build c5/c4 f1 a').failing[0]?.commits).toBe(1)
  expect(news('new build c5/c1 f1 a').failing[0]?.commits).toBe(4)
  expect(news('new build c5 f1 a').failing[0]?.commits).toBeNull()
})

test('the news name the silent hosts, the longest silence first', () => {
  const host = (name: string, presence: string, hour: number) => ({ name, presence, lastSeenAt: at(hour) })
  const hosts = [host('a', 'online', 9), host('b', 'silent', 5), host('c', 'silent', 3), host('d', 'away', 1)]
  expect(newsOf([], hosts, () => 4).silent.map(({ host: name }) => name)).toEqual(['c', 'b'])
})
