import { expect, test } from 'vitest'
import { tableJobs, tableJobsMax } from './table-jobs.ts'

const passed = { state: 'finished', verdict: 'passed' } as const
const failed = { state: 'finished', verdict: 'failed' } as const
const queued = { state: 'queued', verdict: null } as const

test('the table of a small build has all jobs in their order', () => {
  const jobs = [...Array(tableJobsMax - 1).fill(passed), failed]
  expect(tableJobs(jobs)).toBe(jobs)
})

test('the table of a large build has a limited number of jobs, and failed jobs are first', () => {
  const shown = tableJobs([...Array(tableJobsMax).fill(passed), queued, failed])
  expect(shown.slice(0, 3)).toEqual([failed, queued, passed])
  expect(shown).toHaveLength(tableJobsMax)
})
