import { attemptStates, verdicts } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { refuseJobFilter, wantedStatuses, wantsOnlyOpen } from './job-filter.rule.ts'

test.each([
  [{}],
  [{ project: 'sample', status: 'failed' }],
  [{ host: 'vax' }],
  [{ host: 'vax', project: 'sample', status: 'lost' }],
  [{ arch: 'arm', project: 'sample', status: 'active' }],
  [{ variant: 'default', status: 'passed' }],
  [{ id: 7 }],
  [{ buildId: 7, host: 'vax', arch: 'arm', variant: 'default', project: 'sample', status: 'queued' }],
])('the farm offers the filters %j', filter => {
  expect(refuseJobFilter(filter)).toBeUndefined()
})

test.each([
  [{ host: 'vax', arch: 'arm' }, 'host and arch'],
  [{ arch: 'arm', variant: 'default', project: 'sample' }, 'arch and variant'],
  [{ host: 'vax', arch: 'arm', variant: 'default', project: 'sample' }, 'host and arch and variant'],
])('the farm does not offer the filters %j', (filter, named) => {
  expect(refuseJobFilter(filter)).toContain(`the filters ${named} do not go together`)
})

test.each([
  [undefined, verdicts, ['waiting', 'queued', 'leased', 'running']],
  ['active', [], ['waiting', 'queued', 'leased', 'running']],
  ['finished', verdicts, []],
  ['queued', [], ['queued']],
  ['timed-out', ['timed-out'], []],
])('the status %s wants the ended jobs %j and the open attempts %j', (status, ended, open) => {
  expect(wantedStatuses(status)).toEqual({ ended, open })
})

test('each status wants a job or an attempt', () => {
  for (const status of [...attemptStates, ...verdicts]) {
    const { ended, open } = wantedStatuses(status)
    expect(ended.length + open.length).toBeGreaterThan(0)
  }
})

test('queued, running and active jobs have not ended', () => {
  const wanted = [undefined, 'queued', 'running', 'active', 'finished', 'passed']
  expect(wanted.filter(status => wantsOnlyOpen({ status }))).toEqual(['queued', 'running', 'active'])
})
