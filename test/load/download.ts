import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { Cksum } from '@rumpfarm/contracts'
import { distribution, type Figure, figure, median, type Say } from './figures.ts'
import { openScene } from './scene.ts'
import { crcOf, type HeldAttempt } from './simulated-host.ts'
import { cpuMs, peak, residentMb, untilQuiet } from './usage.ts'

const chunkBytes = 64 * 1024
const chunks = 3052 // 200 MB
const bytes = chunks * chunkBytes
const megabytes = bytes / 1e6
const rounds = 5
const ranges = 20

const farmYaml = ({ served }: { served: string }) => `
projects:
  loud:
    repository: ${served}
    hosts: [sim-0]
    limits:
      log: 900 MB
    steps:
      - build: 'true'
`

/** Measures how fast readers get a log of 200 MB after its job has ended, as a whole and in ranges. */
export async function download(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml, commits: 1 })
  const { pid } = scene.server
  const log = `${scene.url}/api/v1/jobs/1/log`
  try {
    const [host] = await scene.hosts(1, ['amd64'])
    if (!host) throw new Error('the farm has no host')
    await scene.push('served', scene.repository.commits[0] as string)
    const attempt = (await host.claim(50)) as HeldAttempt
    const sum = new Cksum()
    for (let at = 0; at < chunks; at++) {
      const chunk = chunkOf(at)
      sum.update(chunk)
      await host.progress(attempt, at * chunkBytes, chunk, crcOf(chunk))
    }
    await untilQuiet(pid)
    const before = cpuMs(pid)
    await host.finish(attempt, { bytes, sum: `crc:${sum.digest()}`, steps: `0:1:${bytes}` })
    const compressed = await compressedBytes(log)
    await untilQuiet(pid)
    const packing = (cpuMs(pid) - before) / megabytes
    const measured = async (fetchOne: () => Promise<number>, times = rounds) => {
      const seconds: number[] = []
      for (let round = 0; round < times; round++) seconds.push(await fetchOne())
      return seconds
    }
    const restingMb = residentMb(pid)
    const { peak: peakMb, result } = await peak(
      () => residentMb(pid),
      async () => {
        const gzip = await measured(() => secondsOf(log, { 'accept-encoding': 'gzip' }, compressed))
        const inflated = await measured(() => secondsOf(log, { 'accept-encoding': 'gzip' }, bytes))
        const plain = await measured(() => secondsOf(log, {}, bytes))
        const parts = await measured(() => {
          const start = Math.floor(Math.random() * (bytes - 10_000))
          return secondsOf(log, { range: `bytes=${start}-${start + 9_999}` }, 10_000)
        }, ranges)
        return { gzip, inflated, plain, parts }
      },
    )
    const speed = (seconds: number[]) => megabytes / median(seconds)
    say(`compressed to ${(compressed / 1e6).toFixed(1)} MB`)
    const milliseconds = result.parts.map(seconds => seconds * 1000)
    return [
      figure('compressing and checking a megabyte of log after its job: server CPU', packing, 'ms'),
      figure('size of the log, divided by its size in the storage', bytes / compressed, ''),
      figure('download of 200 MB with gzip, bytes of the log', speed(result.gzip), 'MB/s', { goal: { atLeast: 500 } }),
      figure('the same by a client that inflates', speed(result.inflated), 'MB/s'),
      figure('download of 200 MB without gzip', speed(result.plain), 'MB/s'),
      figure('a range of 10,000 bytes, median', median(milliseconds), 'ms', {
        distribution: distribution(milliseconds),
      }),
      figure('server memory meanwhile, peak', peakMb, 'MB', {
        goal: { atMost: 250 },
        note: `before: ${Math.round(restingMb)} MB`,
      }),
    ]
  } finally {
    await scene.close()
  }
}

/** Lines like those of a build: three kinds, with names and numbers that differ. */
function chunkOf(at: number): Buffer {
  const lines = Array.from({ length: 800 }, (_, line) => {
    const [one, two] = [(at * 800 + line) * 7919, (at * 800 + line) * 104_729]
    const name = `${words[one % words.length]}_${words[two % words.length]}${one % 997}`
    if (line % 3 === 0) return `#   compile  ${words[two % words.length]}/${name}.o\n`
    if (line % 7 === 0)
      return `${name}.c:${two % 3001}:${one % 80}: warning: unused variable 'v_${two % 99_991}' [-Wunused]\n`
    return `/usr/tools/bin/x86_64--netbsd-gcc -O2 -g -std=gnu99 -Wall -Wmissing-prototypes -I/usr/src/${words[one % words.length]} -D_KERNEL -c /usr/src/sys/rump/${name}.c -o ${name}.pico\n`
  })
  return Buffer.from(lines.join('')).subarray(0, chunkBytes)
}

const words =
  'libc librump rumpkern sys dev net fs ffs tmpfs vfs kern uvm pci scsipi string stdio gen locale time'.split(' ')

/** Waits until the farm has compressed the log, and returns the size of the answer with gzip. */
async function compressedBytes(log: string): Promise<number> {
  for (let tries = 0; tries < 120; tries++) {
    const { headers } = await fetch(log, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } })
    if (headers.get('etag')?.endsWith('-gzip"')) return Number(headers.get('content-length'))
    await sleep(500)
  }
  throw new Error('the farm did not compress the log within a minute')
}

/** Reads an answer, inflates it if `wanted` is the size of the log, and checks its size. */
function secondsOf(url: string, headers: Record<string, string>, wanted: number): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { headers }, response => {
      const inflates = response.headers['content-encoding'] === 'gzip' && wanted === bytes
      const body = inflates ? response.pipe(createGunzip({ chunkSize: 256 * 1024 })) : response
      let read = 0
      body.on('data', (piece: Buffer) => {
        read += piece.length
      })
      body.on('error', reject)
      body.on('end', () => {
        if (read === wanted) resolve((performance.now() - startedAt) / 1000)
        else reject(new Error(`the answer has ${read} bytes, not ${wanted}`))
      })
    }).on('error', reject)
  })
}
