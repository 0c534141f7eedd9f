import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

agentTest('a job keeps running while the farm is down, and its log is complete', async ({ farm, host, enrolled }) => {
  farm.next = 200
  await enrolled()
  const attempt = farm.queue({ steps: { count: 'for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.25; done' } })
  await farm.logged(attempt, 'line 2')
  await farm.close()
  await host.run(`until [ -s ${host.dir}/slot-1/1/end ]; do sleep 0.05; done`)
  await farm.open()
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\n')
  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
})

agentTest('an idle host claims again when the farm is back', async ({ farm, host, enrolled }) => {
  await enrolled()
  await farm.close()
  await host.line(/no answer from the farm/)
  await farm.open()
  const attempt = farm.queue({ steps: { one: 'echo one' } })
  await farm.finished(attempt)
})

agentTest('the agent retries with growing pauses', async ({ farm, enrolled }) => {
  await enrolled()
  farm.injectFault('claim', 'lost-request', 2)
  await farm.close() // the current long poll ends
  await farm.open()
  await farm.until('three more claims', () => farm.count('claim') === 4)
  const times = farm.seen.filter(seen => seen.kind === 'claim').map(seen => seen.at)
  const pauses = times.slice(1).map((at, i) => at - (times[i] ?? 0))
  expect(pauses[1]).toBeGreaterThan(1400)
  expect(pauses[2]).toBeGreaterThan(2900)
})

agentTest(
  'if the answer to a claim is lost, the agent repeats the claim with the same number and gets the same attempt',
  async ({ farm, enrolled }) => {
    farm.poll = 1
    await enrolled()
    const attempt = farm.queue({ steps: { one: 'echo one' } })
    await farm.finished(attempt)
    farm.injectFault('claim', 'cut-answer')
    farm.injectFault('claim', 'lost-answer')
    const second = farm.queue({ steps: { two: 'echo two' } })
    await farm.finished(second)
    expect(second.log.toString()).toBe('two\n')
    expect(farm.attempts.length).toBe(2)
  },
)

agentTest('the agent retries after the pause that the farm asks for', async ({ farm, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ steps: { one: 'echo one' } })
  farm.injectFault('progress', { answer: 'err 503 the database is away\nretry 2\nend\n' })
  farm.injectFault('finish', { answer: 'err 429 too many\nretry 1\nend\n' })
  await farm.finished(attempt)
  const progress = farm.seen.filter(seen => seen.kind === 'progress').map(seen => seen.at)
  expect((progress[1] ?? 0) - (progress[0] ?? 0)).toBeGreaterThanOrEqual(1990)
})

agentTest('a farm that cannot store the log can cancel the job', async ({ farm, host, enrolled }) => {
  await enrolled()
  farm.injectFault('progress', { answer: 'err 503 the disk of the farm is full\nretry 1\ncancel cancelled\nend\n' })
  const attempt = farm.queue({ steps: { one: 'echo one; exec sleep 600' } })
  await host.line(/ending the job: cancelled/)
  await farm.finished(attempt)
  expect(attempt.finishes[0]?.reason).toBe('cancelled')
})

agentTest('the agent reports a revoked credential and retries slowly', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  farm.credential = 'rfh-another'
  await host.line(/the farm does not know this host's credential/)
  host.signal('TERM')
  expect((await host.line(/^agent-1 exit/)).text).toBe('agent-1 exit 0')
  expect(farm.seen.filter(seen => seen.err.startsWith('401')).length).toBeLessThanOrEqual(2) // a claim and the bye
})

agentTest('an agent that is too old takes no jobs and reports the reason', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  farm.claimError = '426 version 9 is needed'
  await host.line(/the farm rejects this version of the agent/)
  const claims = farm.count('claim')
  farm.queue({ steps: { one: 'echo one' } })
  host.signal('TERM')
  expect((await host.line(/^agent-1 exit/)).text).toBe('agent-1 exit 0')
  expect(farm.count('claim')).toBe(claims)
})

agentTest('the agent waits while another instance runs as this host', async ({ farm, host, enrolled }) => {
  farm.leaseSeconds = 1
  await enrolled()
  host.signal('TERM')
  await host.line(/^agent-1 exit 0/)
  farm.helloError = '409 another agent runs as this host'
  await host.start()
  await host.line(/another agent runs as this host/)
  farm.helloError = ''
  host.signal('TERM')
  await host.line(/^agent-2 exit 0/)
  const first =
    farm.seen
      .filter(seen => seen.kind === 'hello')
      .at(-1)
      ?.body.toString() ?? ''
  await host.start()
  await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')
  const again =
    farm.seen
      .filter(seen => seen.kind === 'hello')
      .at(-1)
      ?.body.toString() ?? ''
  const word = (text: string, key: string) => new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1]
  // The farm rejected the hello of the second agent. So the third agent sends the same instance, and its `previous` is
  // the instance that the farm knows.
  expect(word(again, 'instance')).toBe(word(first, 'instance'))
  expect(word(again, 'previous')).toBe(word(first, 'previous'))
})

agentTest(
  'if the farm answers at once without a job, the agent does not claim in a busy loop',
  async ({ farm, enrolled }) => {
    farm.poll = 0
    await enrolled()
    const before = farm.count('claim')
    const began = Date.now()
    await farm.until('four claims', () => farm.count('claim') >= before + 4)
    expect(Date.now() - began).toBeGreaterThan(2000)
  },
)
