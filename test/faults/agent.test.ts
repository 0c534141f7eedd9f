import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'

import { eventually } from '../support/waiting.ts'

const farm = sharedFarm({
  queues: 'redis',
  projects: { sample: { steps: [{ job: 'sh ./job.sh' }], limits: { grace: '1s' } } },
})

/** A job that prints a line with a number every 0.1 s, up to `upTo`. */
const counting = (upTo: number) => `i=0; while [ $i -lt ${upTo} ]; do i=$((i+1)); echo line $i; sleep 0.1; done\n`
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `line ${i + 1}\n`).join('')

test('a job continues while its agent is killed with SIGKILL and starts again, and its log is byte-exact', async () => {
  const host = await farm().host('vax')
  const job = await (await farm().push(counting(40))).job('vax')
  await job.logged('line 3\n')
  await host.kill9()
  await host.start()
  const { verdict, attempts } = await job.finished()

  expect(verdict).toBe('passed')
  expect(attempts.length).toBe(1)
  expect((await job.log()).toString()).toBe(counted(40))
  expect(host.said).toContain('resumed')
})

// After TERM this shell exits. It leaves children and a grandchild that ignore TERM, and a child that catches TERM.
const stubborn = [
  'stubborn() { trap "" TERM; while :; do sleep 4711; done; }',
  'stubborn & (stubborn & stubborn) & sh -c "trap : TERM; sleep 4712; sleep 4713" &',
  'trap "date +%s%3N >$1; exit 1" TERM',
  'echo up; while :; do wait; done',
]

test('a cancelled job receives TERM within seconds, and the agent kills the processes of the job that ignore TERM', async () => {
  const host = await farm().host('alpha')
  const sleepers = async () => (await host.processes('sleep 471')).filter(line => /^\S+ +sleep 471/.test(line))
  const toldAt = join(farm().directory, 'told-at')
  const script = stubborn.join('\n').replace('$1', toldAt)
  const job = await (await farm().push(script)).job('alpha')
  await job.logged('up\n')
  await eventually('four processes of the job', async () => (await sleepers()).length === 4 || undefined)
  const asked = Date.now()
  await job.cancel()
  expect(await job.finished()).toMatchObject({ verdict: 'cancelled' })
  expect(await sleepers()).toEqual([])
  expect(Number(readFileSync(toldAt, 'utf8')) - asked).toBeLessThan(15_000) // 3 s on a machine that is not busy
})

test('a host with a full disk takes no job, and reports the free space', async () => {
  await farm().host('sparc', { conf: 'arch sparc native\ndisk_floor_mb 999999999\n' })
  const other = await farm().wireHost('pdp', ['pdp11'])
  const { refusal } = await eventually('the refusal of sparc', async () => {
    const seen = await farm().api().get<{ refusal: string | null }>('/api/v1/hosts/sparc')
    return seen.refusal === null ? undefined : seen
  })
  expect(refusal).toMatch(/^disk-full [0-9]+ MB free in \S+, 999999999 MB required$/)
  const build = await farm().push('echo hello')
  await other.runs(1)
  expect((await (await build.job('sparc')).view()).state).toBe('queued')
})

// The log has NUL, an escape that clears the screen, HTML, invalid UTF-8, a carriage return, and a line of 1 MB.
const nasty = Buffer.concat([
  Buffer.from('nul \0 \x1b[31mred\x1b[0m \x1b[2J <script>alert(1)</script> &amp; \xff\xfe\r\n', 'latin1'),
  Buffer.alloc(1_000_000, 'x'),
  Buffer.from('\nend'),
])

test('if a log has NUL bytes, escapes, HTML and a line of 1 MB, the farm serves it unchanged as plain text', async () => {
  await farm().host('mips')
  const script = `head -c ${nasty.length} nasty.bin`
  const build = await farm().push({ 'job.sh': script, 'nasty.bin': nasty })
  const job = await build.job('mips')
  expect((await job.finished()).verdict).toBe('passed')
  const answer = await job.rawLog()
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(Buffer.from(await answer.arrayBuffer()).equals(nasty)).toBe(true)
  const middle = await job.rawLog({ range: 'bytes=4-9' })
  expect(middle.status).toBe(206)
  expect(Buffer.from(await middle.arrayBuffer())).toEqual(nasty.subarray(4, 10))
  const page = await pageText(`${farm().url}/jobs/${job.id}`)
  expect(page).not.toContain('<script>alert(1)')
})
