import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import type { Fault } from './support/faults.ts'
import type { Host } from './support/host.ts'
import { cksum } from './support/sums.ts'

agentTest('NULs, escapes, HTML and a line of one megabyte arrive byte for byte', async ({ farm, host, enrolled }) => {
  await enrolled()
  const every = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255))
  writeFileSync(join(host.folder, 'bytes'), every)
  writeFileSync(join(host.folder, 'line'), 'x'.repeat(1_048_576))
  const attempt = farm.queue({
    steps: {
      bytes: `cat ${host.folder}/bytes`,
      line: `cat ${host.folder}/line`,
      rest: "printf '\\000\\033[31m<b>\\n'",
    },
  })
  await farm.finished(attempt)

  const expected = Buffer.concat([every, Buffer.from(`${'x'.repeat(1_048_576)}\0\u001b[31m<b>\n`)])
  expect(attempt.log.bytes.equals(expected)).toBe(true)
  expect(attempt.finishes[0]?.sum).toBe(`crc:${cksum(expected)}`)
})

agentTest(
  'a step that opens /dev/stderr or /dev/stdout again does not truncate the log',
  async ({ farm, enrolled }) => {
    await enrolled()
    const loud = [
      'seq 20000',
      'echo warning >/dev/stderr',
      'echo note >/dev/stdout',
      'echo copied | tee /dev/stderr',
      'echo last; exit 3',
    ]
    const attempt = farm.queue({ steps: { first: 'echo first', loud: loud.join('\n') } })
    await farm.finished(attempt)

    const numbers = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join('')
    const expected = `first\n${numbers}warning\nnote\ncopied\ncopied\nlast\n`
    expect(attempt.log.toString()).toBe(expected)
    expect(attempt.finishes[0]?.steps).toMatch(new RegExp(`^0:[0-9]+:6,3:[0-9]+:${expected.length}$`))
  },
)

agentTest(
  'if a step leaves a process running, the next step and the end of the job do not wait for this process',
  async ({ farm, enrolled }) => {
    await enrolled()
    const steps = { daemon: 'sleep 600 & echo began', next: 'echo next' }
    const attempt = farm.queue({ steps })
    await farm.finished(attempt, 20_000)

    expect(attempt.log.toString()).toBe('began\nnext\n')
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
  },
)

agentTest('the agent sends a log of 20 MB in full chunks without pauses', async ({ farm, enrolled }) => {
  farm.next = 60_000
  farm.chunk = 262_144
  await enrolled()
  const attempt = farm.queue({
    steps: { shout: 'i=0; while [ $i -lt 20 ]; do seq 1000000 | head -c 1000000; i=$((i+1)); done' },
  })
  await farm.finished(attempt, 50_000)

  expect(attempt.log.length).toBe(20_000_000)
  expect(attempt.calls.filter(call => call.len === farm.chunk).length).toBeGreaterThan(70)
})

const faults: [string, Fault][] = [
  ['a lost request', 'lost-request'],
  ['a lost answer', 'lost-answer'],
  ['a cut answer', 'cut-answer'],
  ["a proxy's 502 that looks like an answer", { status: 502, body: 'ok\nsize 1\nnext 1\nend\n' }],
  ["a proxy's page with status 200", { status: 200, body: '<html>welcome to the hotel</html>' }],
]

for (const [name, fault] of faults) {
  agentTest(`the log arrives complete despite ${name}`, async ({ farm, host, enrolled }) => {
    farm.next = 100
    await enrolled()
    const attempt = farm.queue({
      steps: { talk: 'i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo line $i; head -c 70000 /dev/zero; sleep 0.2; done' },
    })
    await farm.logged(attempt, 'line 2\n')
    farm.injectFault('progress', fault)
    await farm.finished(attempt)

    const line = (i: number) => `line ${i}\n${'\0'.repeat(70_000)}`
    expect(attempt.log.toString()).toBe([1, 2, 3, 4, 5].map(line).join(''))
    await host.line(/no answer from the farm; the job keeps running/)
    await host.line(/the farm answers again/)
  })
}

agentTest('if the farm loses the end of a log, the agent sends this part again', async ({ farm, host, enrolled }) => {
  await enrolled()
  farm.next = 60_000
  const go = join(host.folder, 'go')
  const attempt = farm.queue({
    steps: { one: 'printf 0123456789', two: `until [ -e ${go} ]; do sleep 0.05; done; printf abc` },
  })
  await farm.logged(attempt, '0123456789')
  attempt.log.cut(4) // a farm can lose bytes that are not yet on its disk
  writeFileSync(go, '')
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('0123456789abc')
})

agentTest(
  'if the farm lacks a part of the log or the answer is lost, the agent repeats the finish message',
  async ({ farm, enrolled }) => {
    await enrolled()
    farm.onFinish = (attempt, times) => {
      if (times === 1) attempt.log.cut(3)
    }
    const attempt = farm.queue({ steps: { one: 'printf 0123456789' } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toBe('0123456789')

    farm.injectFault('finish', 'lost-answer')
    const second = farm.queue({ steps: { one: 'printf abc' } })
    await farm.until('a second finish', () => second.finishes.length === 2)
    expect(second.finishes[0]).toMatchObject({ reason: 'exit', logsize: '3' })
  },
)

agentTest('the agent uses the chunk size of the farm, and halves it after a 413', async ({ farm, enrolled }) => {
  farm.chunk = 1000
  await enrolled()
  farm.injectFault('progress', { answer: 'err 413 at most 500 bytes\nend\n' })
  const attempt = farm.queue({ steps: { count: 'seq 2000' } })
  await farm.finished(attempt)

  expect(attempt.log.toString()).toBe(`${Array.from({ length: 2000 }, (_, i) => i + 1).join('\n')}\n`)
  expect(Math.max(...attempt.calls.map(call => call.len))).toBeLessThanOrEqual(1000)
})

/** How long this machine now needs to start a program and to wait for its end. */
const programMs = async (host: Host): Promise<number> => {
  const before = performance.now()
  for (let run = 0; run < 5; run++) await host.run('true')
  return (performance.now() - before) / 5
}

agentTest('while somebody views a log, each new line arrives within 600 ms', async ({ farm, host, enrolled }) => {
  farm.next = 250
  await enrolled()
  const attempt = farm.queue({
    steps: { talk: 'i=0; while [ $i -lt 12 ]; do i=$((i+1)); date +%s%N; sleep 0.21; done' },
  })
  const arrivals: number[] = []
  await farm.until('the first line', () => attempt.log.toString().includes('\n'))
  const slowness = programMs(host)
  await farm.until('all lines', () => {
    const lines = attempt.log.toString().split('\n').slice(0, -1)
    for (const line of lines.slice(arrivals.length)) arrivals.push(Date.now() - Number(line) / 1e6)
    return lines.length === 12
  })
  arrivals.sort((a, b) => a - b)
  // The agent starts about five programs for a chunk. On a quiet machine, they need 25 ms; under a high load, 500 ms.
  expect(arrivals[6]).toBeLessThan(600 + 5 * (await slowness))
})
