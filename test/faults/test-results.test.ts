// Test results with a real agent: the files of a job become its tests.
import { expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'

const farm = sharedFarm({
  queues: 'postgres',
  projects: {
    sample: { steps: [{ job: 'sh ./job.sh' }], results: ['reports/*.xml', { tap: 't/*.tap' }], confirm: '0' },
  },
})

interface JobTests {
  summary: { total: number; missing: boolean } | null
  items: { suite: string; name: string; outcome: string; message: string | null }[]
}

const testsOf = (jobId: number) =>
  eventually(`the tests of job ${jobId}`, async () => {
    const found = await farm().api().get<JobTests>(`/api/v1/jobs/${jobId}/tests`)
    return found.summary ? found : undefined
  })

test('the host uploads a JUnit file and a TAP file, and files of an earlier job never count', async () => {
  await farm().host('vax')
  const xml =
    '<testsuite name="io"><testcase name="reads"/><testcase name="writes"><failure message="0 bytes"/></testcase></testsuite>'
  const files = {
    'job.sh': 'mkdir -p reports; cp io.xml reports/; mkdir -p t; printf "1..1\\nok 1 - opens\\n" >t/a.tap; exit 1\n',
    'io.xml': xml,
  }
  const first = await (await farm().push(files)).job('vax')
  expect((await first.finished()).verdict).toBe('failed')
  const { items } = await testsOf(first.id)
  expect(items.map(({ suite, name, outcome, message }) => [suite, name, outcome, message])).toEqual([
    ['io', 'reads', 'passed', null],
    ['io', 'writes', 'failed', '0 bytes'],
    ['t/a.tap', 'opens', 'passed', null],
  ])

  const second = await (await farm().push('ls reports t 2>/dev/null; echo nothing to test\n')).job('vax')
  expect((await second.finished()).verdict).toBe('passed')
  expect((await testsOf(second.id)).summary).toMatchObject({ total: 0, missing: true })
})
