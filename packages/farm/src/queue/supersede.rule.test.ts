import { expect, test } from 'vitest'
import { type CellAttempt, coalesces, supersededWords, supersedes } from './supersede.rule.ts'

const older: CellAttempt = { buildId: 11, cause: 'push', purpose: 'build', priority: 30 }
const newer = { buildId: 12, cause: 'push', priority: 30 } as const

test.each<[Partial<CellAttempt>, Partial<CellAttempt>, boolean]>([
  [{}, {}, true],
  [{ cause: 'poll' }, { cause: 'schedule', priority: 20 }, true],
  [{ cause: 'source' }, {}, true],
  [{}, { purpose: 'lost' }, true],
  // A build by hand can be of an old commit.
  [{ cause: 'hand', priority: 40 }, {}, false],
  [{ cause: 'bisection', priority: 10 }, {}, false],
  // A person waits for these.
  [{}, { cause: 'hand', priority: 40 }, false],
  [{}, { purpose: 'retry', priority: 40 }, false],
  // These answer a question about their commit.
  [{}, { purpose: 'confirm' }, false],
  [{}, { purpose: 'probe', cause: 'bisection', priority: 10 }, false],
  // The host would run the newer one later than the older one.
  [{ cause: 'schedule', priority: 20 }, {}, false],
  [{ cause: 'schedule', priority: 20 }, { cause: 'schedule', priority: 20 }, true],
  [{ buildId: 11 }, {}, false],
  [{ buildId: 10 }, {}, false],
])('the newer build %j supersedes the job %j: %s', (later, earlier, result) => {
  expect(supersedes({ ...newer, ...later }, { ...older, ...earlier })).toBe(result)
})

test.each([
  [undefined, null, false],
  [undefined, 29, false],
  [undefined, 31, true],
  [true, null, true],
  [true, 1, true],
  [false, 600, false],
])('with `coalesce: %s`, a host with a median of %s minutes coalesces: %s', (setting, minutes, result) => {
  expect(coalesces(setting, minutes === null ? null : minutes * 60_000)).toBe(result)
})

test('the reason names the branch and the newer build', () => {
  expect(supersededWords('main', 12)).toBe('a newer commit of main waits for this cell: build 12')
})
