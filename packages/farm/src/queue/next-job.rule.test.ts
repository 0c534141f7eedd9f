import { expect, test } from 'vitest'
import { inOrder, isAtCap, type Turn } from './next-job.rule.ts'

/** A job as `PROJECT BUILD.JOB`, with `!` in front for a person's request, `~` for a schedule, and `?` for a bisection. */
function job(text: string) {
  const [, mark = '', project = '', build, id] = /^([!~?]?)(\w+) (\d+)\.(\d+)$/.exec(text) ?? []
  const priority = { '!': 40, '': 30, '~': 20, '?': 10 }[mark] ?? 0
  return { text, project, priority, buildId: Number(build), jobId: Number(id) }
}

const turn = (running: number, minute: number | null): Turn => ({
  running,
  lastAt: minute === null ? null : new Date(minute * 60_000),
})

test.each<[string, string[], Record<string, Turn>, string[]]>([
  ['nothing waits', [], {}, []],
  ['the newest build comes first', ['a 1.1', 'a 3.3', 'a 2.2'], {}, ['a 3.3', 'a 2.2', 'a 1.1']],
  ['the jobs of a build keep their order', ['a 3.6', 'a 3.5', 'a 2.9'], {}, ['a 3.5', 'a 3.6', 'a 2.9']],
  [
    'by hand comes before a push, a push before a schedule, and a bisection comes last',
    ['?a 9.9', '~a 8.8', 'a 3.3', '!a 1.1'],
    {},
    ['!a 1.1', 'a 3.3', '~a 8.8', '?a 9.9'],
  ],
  [
    'projects take turns, however many jobs one of them has',
    ['a 9.1', 'a 9.2', 'a 9.3', 'a 9.4', 'b 2.1', 'b 1.1'],
    {},
    ['a 9.1', 'b 2.1', 'a 9.2', 'b 1.1', 'a 9.3', 'a 9.4'],
  ],
  ['the project that waits longer is next', ['a 9.1', 'b 2.1'], { a: turn(0, 5), b: turn(0, 3) }, ['b 2.1', 'a 9.1']],
  ['a project without a turn is next', ['a 9.1', 'b 2.1'], { a: turn(0, 5), b: turn(0, null) }, ['b 2.1', 'a 9.1']],
  [
    'a project of which the host runs fewer jobs is next, even after its turn',
    ['a 9.1', 'a 9.2', 'b 2.1', 'b 1.1'],
    { a: turn(2, 1), b: turn(0, 9) },
    ['b 2.1', 'b 1.1', 'a 9.1', 'a 9.2'],
  ],
  [
    'a person waits at most for the turns of other persons',
    ['!a 1.1', '!a 1.2', '!b 2.1', 'b 9.9'],
    {},
    ['!a 1.1', '!b 2.1', '!a 1.2', 'b 9.9'],
  ],
])('%s', (_, waiting, turns, order) => {
  expect(inOrder(waiting.map(job), new Map(Object.entries(turns))).map(({ text }) => text)).toEqual(order)
})

test('5,000 waiting jobs of 20 projects are in order within a moment', () => {
  const jobs = Array.from({ length: 5_000 }, (_, index) => job(`p${index % 20} ${index}.${index}`))
  const startedAt = process.cpuUsage()
  expect(inOrder(jobs, new Map())).toHaveLength(5_000)
  expect(process.cpuUsage(startedAt).user / 1000).toBeLessThan(2_000)
})

test.each([
  [undefined, 100, false],
  [null, 100, false],
  [4, 3, false],
  [4, 4, true],
  [4, 5, true],
])('with `jobs-at-once: %s` and %i running jobs, a project is at its limit: %s', (cap, running, result) => {
  expect(isAtCap(cap, running)).toBe(result)
})
