import { expect, test } from 'vitest'
import { keptStream } from '../cli.fixture.ts'
import { plain } from '../terminal/style.ts'
import type { Build, JobSummary } from './follow-build.ts'
import { lineProgress, progressLines, screenProgress } from './progress.ts'

const now = new Date('2024-05-06T07:10:00Z')
const job = (id: number, changes: Partial<JobSummary>): JobSummary =>
  ({
    ...{ id, host: `host-${id}`, arch: 'vax', variant: 'default', attempt: `${id}.1`, steps: [], failedStep: null },
    ...{ state: 'queued', verdict: null, startedAt: null, finishedAt: null },
    ...changes,
  }) as JobSummary

const running = { state: 'running', startedAt: '2024-05-06T07:08:00Z' } as const
const ended = { state: 'finished', startedAt: '2024-05-06T07:08:00Z', finishedAt: '2024-05-06T07:08:30Z' } as const
const build = (jobs: JobSummary[], counts: Build['counts']): Build =>
  ({ id: 3, project: 'hello', commit: 'c'.repeat(40), branch: 'main', subject: 'Fix', jobs, counts }) as Build

const steps = [{ name: 'fetch', exit: 0, milliseconds: 1, logBytes: 1 }]
const jobs = [
  job(1, { ...ended, verdict: 'passed' }),
  job(2, { ...ended, verdict: 'failed', failedStep: 'build' }),
  job(3, { ...running, steps }),
  job(4, {}),
]
const counts = { passed: 1, failed: 1, running: 1, queued: 1 }

test('the display has a bar, then the failed and the running jobs', () => {
  expect(progressLines(build(jobs, counts), { style: plain, now, columns: 100, rows: 24 })).toEqual([
    'Build 3: hello at cccccccccccc (main) Fix',
    '[###############...............] 2 of 4 jobs ended: 1 failed, 1 passed, 1 running, 1 queued',
    '  failed    host-2 vax at build 30 s (job 2)',
    '  running   host-3 vax after fetch 2 min 00 s (job 3)',
  ])
})

test('the display is never larger than the terminal', () => {
  const many = Array.from({ length: 300 }, (_, id) => job(id, { ...running, host: 'a'.repeat(200) }))
  const lines = progressLines(build(many, { running: 300 }), { style: plain, now, columns: 60, rows: 10 })
  expect(lines).toHaveLength(9)
  expect(lines.at(-1)).toBe('and 294 more')
  expect(Math.max(...lines.map(line => line.length))).toBeLessThan(60)
})

test('a pipe gets a line for each job that starts or ends', async () => {
  const out = keptStream()
  const progress = lineProgress(out, plain, () => now)
  await progress.show(build([job(1, {}), job(2, running)], { queued: 1, running: 1 }))
  await progress.show(build([job(1, running), job(2, running)], { running: 2 }))
  await progress.show(build([job(1, { ...ended, verdict: 'passed' }), job(2, running)], { passed: 1, running: 1 }))
  expect(out.text().split('\n')).toEqual([
    'Build 3: hello at cccccccccccc (main) Fix: 1 running, 1 queued',
    'running host-2 vax (job 2)',
    'running host-1 vax (job 1)',
    'passed host-1 vax after 30 s (job 1)',
    '',
  ])
})

test('a terminal display is drawn again in the same place', () => {
  const out = keptStream(80)
  const progress = screenProgress(out, plain, () => now)
  progress.show(build([job(1, running)], { running: 1 }))
  progress.show(build([job(1, { ...ended, verdict: 'passed' })], { passed: 1 }))
  progress.end()
  expect(out.text().replaceAll('\u001b', 'ESC')).toMatch(
    /^ESC\[2KBuild 3.*\n(ESC\[2K.*\n){2}ESC\[0JESC\[3AESC\[2KBuild 3/,
  )
})
