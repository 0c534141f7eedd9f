import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Fault } from './support/faults.ts'
import { scene } from './support/scene.ts'
import { cksum } from './support/sums.ts'

scene('NULs, escapes, HTML and a line of one megabyte arrive byte for byte', async ({ farm, host, enrolled }) => {
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

scene(
  'a step that opens /dev/stderr or /dev/stdout again cuts nothing off the log, and keeps the order',
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

scene(
  'a process that a step leaves behind holds up neither the next step nor the end of the job',
  async ({ farm, enrolled }) => {
    await enrolled()
    const steps = { daemon: 'sleep 600 & echo began', next: 'echo next' }
    const attempt = farm.queue({ steps })
    await farm.finished(attempt, 20_000)

    expect(attempt.log.toString()).toBe('began\nnext\n')
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
  },
)

scene('a log of 20 MB is sent whole, in whole chunks, without waiting', async ({ farm, enrolled }) => {
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
  ['a lost request', 'deaf'],
  ['a lost answer', 'mute'],
  ['a cut answer', 'cut'],
  ["a proxy's 502 that looks like an answer", { status: 502, body: 'ok\nsize 1\nnext 1\nend\n' }],
  ["a proxy's page with status 200", { status: 200, body: '<html>welcome to the hotel</html>' }],
]

for (const [name, fault] of faults) {
  scene(`${name} costs no byte`, async ({ farm, host, enrolled }) => {
    farm.next = 100
    await enrolled()
    const attempt = farm.queue({
      steps: { talk: 'i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo line $i; head -c 70000 /dev/zero; sleep 0.2; done' },
    })
    await farm.logged(attempt, 'line 2\n')
    farm.spoil('progress', fault)
    await farm.finished(attempt)

    const line = (i: number) => `line ${i}\n${'\0'.repeat(70_000)}`
    expect(attempt.log.toString()).toBe([1, 2, 3, 4, 5].map(line).join(''))
    await host.line(/no answer from the farm; the job keeps running/)
    await host.line(/the farm answers again/)
  })
}

scene('the agent goes to the offset that the farm names', async ({ farm, host, enrolled }) => {
  await enrolled()
  farm.next = 60_000
  const go = join(host.folder, 'go')
  const attempt = farm.queue({
    steps: { one: 'printf 0123456789', two: `until [ -e ${go} ]; do sleep 0.05; done; printf abc` },
  })
  await farm.logged(attempt, '0123456789')
  attempt.log.cut(4) // as a farm does that lost an unsealed tail
  writeFileSync(go, '')
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('0123456789abc')
})

scene(
  'a finish before the farm holds the whole log is put right, and a lost answer to it is asked again',
  async ({ farm, enrolled }) => {
    await enrolled()
    farm.onFinish = (attempt, times) => {
      if (times === 1) attempt.log.cut(3)
    }
    const attempt = farm.queue({ steps: { one: 'printf 0123456789' } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toBe('0123456789')

    farm.spoil('finish', 'mute')
    const second = farm.queue({ steps: { one: 'printf abc' } })
    await farm.until('the finish a second time', () => second.finishes.length === 2)
    expect(second.finishes[0]).toMatchObject({ reason: 'exit', logsize: '3' })
  },
)

scene('a smaller chunk is kept to, and 413 makes it smaller still', async ({ farm, enrolled }) => {
  farm.chunk = 1000
  await enrolled()
  farm.spoil('progress', { answer: 'err 413 at most 500 bytes\nend\n' })
  const attempt = farm.queue({ steps: { count: 'seq 2000' } })
  await farm.finished(attempt)

  expect(attempt.log.toString()).toBe(`${Array.from({ length: 2000 }, (_, i) => i + 1).join('\n')}\n`)
  expect(Math.max(...attempt.calls.map(call => call.len))).toBeLessThanOrEqual(1000)
})

scene('a line that somebody watches arrives soon', async ({ farm, enrolled }) => {
  farm.next = 250
  await enrolled()
  const attempt = farm.queue({
    steps: { talk: 'i=0; while [ $i -lt 12 ]; do i=$((i+1)); date +%s%N; sleep 0.21; done' },
  })
  const arrivals: number[] = []
  await farm.until('all lines', () => {
    const lines = attempt.log.toString().split('\n').slice(0, -1)
    for (const line of lines.slice(arrivals.length)) arrivals.push(Date.now() - Number(line) / 1e6)
    return lines.length === 12
  })
  arrivals.sort((a, b) => a - b)
  console.log(`live lines: ${arrivals.map(Math.round).join(' ')} ms`)
  expect(arrivals[6]).toBeLessThan(600)
})
