import { expect, test } from 'vitest'
import { statusPath } from './status-path.ts'

test.each([
  [{ jobId: 4, buildId: 3, pullRequest: null }, '/jobs/4'],
  [{ jobId: null, buildId: 3, pullRequest: null }, '/builds/3'],
  [{ jobId: null, buildId: null, pullRequest: 7 }, '/projects/sample/pull-requests/7'],
])('the status of %o links to %s', (status, path) => {
  expect(statusPath({ project: 'sample', ...status })).toBe(path)
})
