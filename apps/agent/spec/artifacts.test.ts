import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import type { Attempt } from './support/attempt.ts'
import type { Fault } from './support/faults.ts'
import type { Host } from './support/host.ts'
import { cksum, sha256 } from './support/sums.ts'

/** Every byte value, many times; no two chunks are equal. */
const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + (i >> 16)) & 255))

const kept = (attempt: Attempt, name: string) => attempt.artifacts.get(name)?.bytes.bytes
const names = (attempt: Attempt) => attempt.finishes[0]?.artifacts.map(line => line.split(' ')[0])

agentTest(
  'artifacts arrive byte for byte, including empty files and NULs, and the finish message lists them',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const bytes = bytesOf(300_001)
    writeFileSync(join(host.folder, 'bytes'), bytes)
    const attempt = farm.queue({
      steps: {
        make: `mkdir -p out/deep/er; cp ${host.folder}/bytes out/all+bytes.bin; : >out/empty; echo deep >out/deep/er/x.txt; echo no >other`,
      },
      artifacts: ['out/*.bin', 'out', 'readme.*'],
    })
    await farm.finished(attempt)

    expect(attempt.finishes[0]?.artifacts).toEqual([
      `out/all+bytes.bin ${bytes.length} crc:${cksum(bytes)}`,
      `out/deep/er/x.txt 5 crc:${cksum(Buffer.from('deep\n'))}`,
      'out/empty 0 crc:4294967295',
      `readme.txt 9 crc:${cksum(Buffer.from('a source\n'))}`,
    ])
    expect(kept(attempt, 'out/all+bytes.bin')?.equals(bytes)).toBe(true)
    expect(attempt.finishes[0]?.left).toEqual([])
    await host.removed('work', 'attempt-1.1')
  },
)

agentTest(
  'the agent sends the artifacts of a failed job and of a job over its time limit, but not those of a cancelled job',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const failed = farm.queue({ steps: { tests: 'echo bad >report.xml; exit 3' }, artifacts: ['report.xml'] })
    await farm.finished(failed)
    expect([failed.finishes[0]?.steps, names(failed)]).toEqual([expect.stringMatching(/^3:/), ['report.xml']])

    const late = farm.queue({
      wall: 2,
      steps: { tests: 'echo late >report.xml; sleep 4811' },
      artifacts: ['report.xml'],
    })
    await farm.finished(late)
    expect([late.finishes[0]?.reason, names(late)]).toEqual(['wall-limit', ['report.xml']])

    const cancelled = farm.queue({
      steps: { tests: 'echo up; echo x >report.xml; sleep 4812' },
      artifacts: ['report.xml'],
    })
    await farm.logged(cancelled, 'up')
    cancelled.cancel = 'cancelled'
    await farm.finished(cancelled)
    expect([cancelled.finishes[0]?.reason, names(cancelled), cancelled.artifactCalls]).toEqual(['cancelled', [], []])
    expect(await host.alive('sleep 481')).toEqual([])
  },
)

agentTest('the agent sends no links, no FIFOs and no files with invalid names', async ({ farm, host, enrolled }) => {
  await enrolled()
  writeFileSync(join(host.folder, 'secret'), 'of the host\n')
  const attempt = farm.queue({
    steps: {
      plant: [
        `mkdir out; cd out; echo good >good; ln -s ${host.folder}/secret link; ln -s ${host.folder} away; mkfifo pipe`,
        'echo x >"two words"; echo x >.hidden; echo x >-dash; mkdir in; echo in >in/file; ln -s in within',
        `echo x >${'n'.repeat(125)}`,
        'cd ..; ln -s / root',
      ].join('\n'),
    },
    artifacts: ['out', 'out/away/secret', 'out/within/file', 'root/etc/passwd', 'nothing-*', 'out/link'],
  })
  await farm.finished(attempt)

  expect(names(attempt)).toEqual(['out/good', 'out/in/file', 'out/within/file'])
  expect(attempt.finishes[0]?.left).toEqual([
    'nothing-*: not found or not readable',
    'out/-dash: the farm does not accept this name',
    'out/.hidden: the farm does not accept this name',
    'out/away/secret: it is behind a link',
    `out/${'n'.repeat(125)}: the name is too long`,
    'out/two words: the farm does not accept this name',
    'root/etc/passwd: it is behind a link',
  ])
  expect([...attempt.artifacts.values()].some(({ bytes }) => bytes.toString().includes('of the host'))).toBe(false)
})

const faults: [string, Fault][] = [
  ['a lost request', 'lost-request'],
  ['a lost answer', 'lost-answer'],
  ['a cut answer', 'cut-answer'],
  ["a proxy's 502", { status: 502, body: 'ok\nsize 1\nend\n' }],
]

for (const [name, fault] of faults) {
  agentTest(`an artifact arrives complete despite ${name}`, async ({ farm, host, enrolled }) => {
    farm.chunk = 10_000
    await enrolled()
    const bytes = bytesOf(45_678)
    writeFileSync(join(host.folder, 'bytes'), bytes)
    const attempt = farm.queue({ steps: { make: `cp ${host.folder}/bytes a.bin` }, artifacts: ['a.bin'] })
    await farm.until('the second chunk', () => attempt.artifactCalls.some(({ offset }) => offset === 10_000))
    farm.injectFault('artifact', fault)
    await farm.finished(attempt)
    expect(kept(attempt, 'a.bin')?.equals(bytes)).toBe(true)
  })
}

agentTest(
  'after the agent is killed, the next start resumes an upload at the first byte that the farm lacks',
  async ({ farm, host, enrolled }) => {
    farm.chunk = 10_000
    await enrolled()
    const bytes = bytesOf(80_001)
    writeFileSync(join(host.folder, 'bytes'), bytes)
    const attempt = farm.queue({
      steps: { make: `cp ${host.folder}/bytes a.bin; cp a.bin b.bin` },
      artifacts: ['*.bin'],
    })
    await farm.until('part of the second file', () =>
      attempt.artifactCalls.some(one => one.name === 'b.bin' && one.offset > 30_000),
    )
    farm.injectFault('artifact', 'lost-request', 1000)
    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    await host.ended(new URL(farm.url).port) // otherwise this client could still send a chunk
    attempt.artifacts.get('b.bin')?.bytes.cut(12_347) // a farm can lose bytes that are not yet on its disk
    farm.clearFaults()
    const before = attempt.artifactCalls.length
    await host.start()
    await farm.finished(attempt)

    expect(kept(attempt, 'a.bin')?.equals(bytes)).toBe(true)
    expect(kept(attempt, 'b.bin')?.equals(bytes)).toBe(true)
    const again = attempt.artifactCalls.slice(before).filter(({ len }) => len > 0)
    expect(again[0]).toMatchObject({ name: 'b.bin', offset: 12_347 })
    expect(attempt.finishes.length).toBe(1)
  },
)

agentTest('if the farm lacks a part of an artifact, the agent sends this part again', async ({ farm, enrolled }) => {
  await enrolled()
  farm.onFinish = (attempt, times) => {
    if (times === 1) attempt.artifacts.get('b')?.bytes.cut(3)
  }
  const attempt = farm.queue({ steps: { make: 'echo first >a; echo second >b' }, artifacts: ['[ab]'] })
  await farm.finished(attempt)
  expect([attempt.finishCalls, kept(attempt, 'a')?.toString(), kept(attempt, 'b')?.toString()]).toEqual([
    2,
    'first\n',
    'second\n',
  ])
})

agentTest('the agent sends no byte of an artifact that the farm rejects', async ({ farm, enrolled }) => {
  await enrolled()
  farm.onArtifact = (_name, size) => (size > 1000 ? `it has ${size} bytes` : undefined)
  const attempt = farm.queue({ steps: { make: 'seq 1000 >big; echo small >small' }, artifacts: ['big', 'small'] })
  await farm.finished(attempt)
  expect([names(attempt), attempt.finishes[0]?.left]).toEqual([['small'], ['big: it has 3893 bytes']])
  expect(attempt.artifactCalls).toEqual([
    { name: 'big', offset: 0, len: 0 },
    { name: 'small', offset: 0, len: 0 },
    { name: 'small', offset: 0, len: 6 },
  ])
})

agentTest('the agent offers at most as many files as the farm names', async ({ farm, enrolled }) => {
  await enrolled()
  farm.onArtifact = () => '100 files are already stored, which is the maximum'
  const attempt = farm.queue({ steps: { make: ': >a; : >b; : >c; : >d; : >e' }, artifacts: ['?'], filemax: 3 })
  await farm.finished(attempt)
  expect(attempt.artifactCalls.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(attempt.finishes[0]?.left[0]).toBe('2 more files: the patterns match 5, the limit is 3')
})

/** The bytes that all processes of the host have read. Linux adds the bytes of an ended process to its parent. */
const bytesRead = async (host: Host): Promise<number> =>
  Number((await host.run("cat /proc/[0-9]*/io 2>/dev/null | awk '/^rchar/ { sum += $2 } END { print sum }'")).output)

agentTest('the agent lists a file of 20 GB with its size and does not copy it', async ({ farm, host, enrolled }) => {
  await enrolled()
  const before = await bytesRead(host)
  farm.onArtifact = (_name, size) => (size > 1000 ? `it has ${size} bytes` : undefined)
  const attempt = farm.queue({
    steps: {
      make: 'dd if=/dev/null of=huge bs=1 seek=20000000000; dd if=/dev/null of=large bs=1 seek=900000000; echo small >small',
    },
    artifacts: ['huge', 'large', 'small'],
  })
  await farm.finished(attempt)
  expect([names(attempt), attempt.finishes[0]?.left]).toEqual([
    ['small'],
    ['huge: it has 20000000000 bytes; the limit is 999999999', 'large: it has 900000000 bytes'],
  ])
  await host.removed('slot-1', '1')
  expect((await bytesRead(host)) - before).toBeLessThan(100_000_000)
})

agentTest('the agent offers 200 of 230 files and reports how many it does not offer', async ({ farm, enrolled }) => {
  await enrolled()
  farm.onArtifact = () => 'it is full'
  const attempt = farm.queue({
    steps: { make: 'mkdir out; for i in $(seq 230); do echo $i >out/f$i; done' },
    artifacts: ['out'],
  })
  await farm.finished(attempt, 110_000) // under a high load, 200 requests need more than a minute
  const left = attempt.finishes[0]?.left ?? []
  expect(left).toHaveLength(50)
  expect(left[0]).toBe('30 more files: the patterns match 230, the limit is 200')
  expect(left[49]).toBe('152 more files are not listed')
})

agentTest('if a lease is lost during an upload, the agent ends the attempt', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ steps: { make: 'echo a >a' }, artifacts: ['a'] })
  farm.onArtifact = () => {
    attempt.state = 'gone'
    return undefined
  }
  await host.line(/attempt 1.1: lost its lease \(410/)
  await host.removed('slot-1', '1')
  expect([attempt.finishes, existsSync(join(host.dir, 'work', 'attempt-1.1'))]).toEqual([[], false])
})

const fakes = mkdtempSync(join(tmpdir(), 'rumpfarm-no-cksum-'))
writeFileSync(join(fakes, 'cksum'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
afterAll(() => rmSync(fakes, { recursive: true }))

agentTest(
  'a host without cksum uses another checksum for logs and artifacts',
  async ({ farm, host, enrolled }) => {
    farm.chunk = 5000
    await enrolled()
    const bytes = bytesOf(70_001)
    writeFileSync(join(host.folder, 'bytes'), bytes)
    const attempt = farm.queue({
      steps: { make: `cat ${host.folder}/bytes; cp ${host.folder}/bytes a.bin` },
      artifacts: ['a.bin'],
    })
    await farm.finished(attempt)

    expect(attempt.finishes[0]).toMatchObject({
      sum: `sha256:${sha256(bytes)}`,
      artifacts: [`a.bin 70001 sha256:${sha256(bytes)}`],
    })
    expect([attempt.finishCalls, attempt.log.bytes.equals(bytes), kept(attempt, 'a.bin')?.equals(bytes)]).toEqual([
      1,
      true,
      true,
    ])
  },
  { env: { PATH: `${fakes}:${process.env.PATH}` } },
)

const stuck = mkdtempSync(join(tmpdir(), 'rumpfarm-stuck-dd-'))
writeFileSync(join(stuck, 'dd'), '#!/bin/sh\ncase "$*" in *if=./stuck*) sleep 4813 ;; *) exec /bin/dd "$@" ;; esac\n', {
  mode: 0o755,
})
afterAll(() => rmSync(stuck, { recursive: true }))

agentTest(
  'if the agent cannot read one artifact, it sends the others',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({ steps: { make: 'echo a >a; echo s >stuck; echo z >z' }, artifacts: ['?', 'stuck'] })
    await farm.finished(attempt)
    expect([names(attempt), attempt.finishes[0]?.left]).toEqual([['a', 'z'], ['stuck: no data for ten seconds']])
    expect(await host.alive('sleep 4813')).toEqual([])
  },
  { env: { PATH: `${stuck}:${process.env.PATH}` } },
)
