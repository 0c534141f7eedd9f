import { join } from 'node:path'
import { startControl } from './control-process.ts'
import { distribution, type Figure, figure, median, type Say } from './figures.ts'
import { probe } from './prober.ts'
import { openScene, type Scene } from './scene.ts'
import { crcOf, type HeldAttempt, type SimulatedHost } from './simulated-host.ts'
import { cpuMs, peak, residentMb, untilQuiet } from './usage.ts'

const chunkBytes = 64 * 1024
const logMb = 200
const chunks = Math.round((logMb * 1e6) / chunkBytes)
const megabytes = (chunks * chunkBytes) / 1e6
/** Each measurement has this many rounds: the farm alone, the control, and the farm during other requests. */
const rounds = 3

const farmYaml = ({ served }: { served: string }) => `
projects:
  loud:
    repository: ${served}
    hosts: [sim-0]
    limits:
      log: 900 MB
    steps:
      - build: 'true'
  other:
    repository: ${served}
    hosts: [sim-1]
    steps:
      - build: 'true'
`

/**
 * Compares the cost of log bytes in the farm with their cost in a server that only appends the bytes. Also measures how
 * long other requests wait.
 */
export async function log(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml, commits: rounds * 2 })
  const control = await startControl(join(scene.directory, 'control.log'))
  try {
    const [loud, other] = (await scene.hosts(2, ['amd64'])) as [SimulatedHost, SimulatedHost]
    const commits = [...scene.repository.commits]
    const alone: Cost[] = []
    const bare: number[] = []
    const crowded: Crowded[] = []
    for (let round = 0; round < rounds; round++) {
      alone.push(await costOfLog(scene, loud, other, commits.shift() as string))
      bare.push(await control.costOf(chunks, chunk))
      crowded.push(await withOthers(scene, loud, other, commits.shift() as string))
      const { arrival, all } = alone.at(-1) as Cost
      say(`${arrival.toFixed(2)} ms/MB, with the work after the job ${all.toFixed(2)}, bare ${bare.at(-1)?.toFixed(2)}`)
    }
    return figuresOf(alone, bare, crowded)
  } finally {
    await control.stop()
    await scene.close()
  }
}

/** Lines like those of a build, up to the last byte of the chunk. */
const chunk = Buffer.from(
  'cc -O2 -g -Wall -c -o rump_dev.o /usr/src/sys/rump/dev/lib/libdev/rump_dev.c\n'.repeat(1000),
).subarray(0, chunkBytes)

async function claims(scene: Scene, loud: SimulatedHost, other: SimulatedHost, commit: string) {
  await scene.push('served', commit)
  const held = await Promise.all([loud.claim(50), other.claim(50)])
  await untilQuiet(scene.server.pid)
  return held as [HeldAttempt, HeldAttempt]
}

/** The server's CPU milliseconds per megabyte. */
interface Cost {
  /** From the first chunk to the answer to the finish message. */
  arrival: number
  /** Until the log is also examined, checked and compressed. */
  all: number
}

async function costOfLog(scene: Scene, loud: SimulatedHost, other: SimulatedHost, commit: string): Promise<Cost> {
  const [attempt, idle] = await claims(scene, loud, other, commit)
  const before = cpuMs(scene.server.pid)
  const cost = () => (cpuMs(scene.server.pid) - before) / megabytes
  await sendLog(loud, attempt)
  const arrival = cost()
  await untilQuiet(scene.server.pid)
  const all = cost()
  await other.run(idle)
  return { arrival, all }
}

async function sendLog(host: SimulatedHost, attempt: HeldAttempt): Promise<void> {
  const sum = crcOf(chunk)
  for (let at = 0; at < chunks; at++) await host.progress(attempt, at * chunkBytes, chunk, sum)
  const bytes = chunks * chunkBytes
  await host.finish(attempt, { bytes, sum: wholeSum, steps: `0:1:${bytes}` })
}

const wholeSum = crcOf(Buffer.concat(Array.from({ length: chunks }, () => chunk)))

interface Crowded {
  answers: number[]
  peakMb: number
}

async function withOthers(scene: Scene, loud: SimulatedHost, other: SimulatedHost, commit: string): Promise<Crowded> {
  const [attempt, idle] = await claims(scene, loud, other, commit)
  const { pid } = scene.server
  const { peak: peakMb, result } = await peak(
    () => residentMb(pid),
    () => probe(scene.url, other, idle, () => sendLog(loud, attempt)),
  )
  await other.run(idle)
  return { answers: result, peakMb }
}

function figuresOf(alone: Cost[], bare: number[], crowded: Crowded[]): Figure[] {
  const answers = distribution(crowded.flatMap(round => round.answers))
  const [farm, control] = [median(alone.map(({ arrival }) => arrival)), median(bare)]
  const note = `${logMb} MB in chunks of 64 KiB by one host, each with its checksum; median of ${rounds}`
  return [
    figure('server CPU of a megabyte of log', farm, 'ms', { goal: { atMost: 6 }, note }),
    figure('the same of a bare Fastify that appends to a file', control, 'ms'),
    figure('ratio of the two', farm / control, '', { goal: { atMost: 1.2 } }),
    figure('with its examination and compression after the job', median(alone.map(({ all }) => all)), 'ms'),
    figure(
      `server memory while ${logMb} MB come from one job, peak`,
      Math.max(...crowded.map(round => round.peakMb)),
      'MB',
      {
        goal: { atMost: 250 },
      },
    ),
    figure('longest that anybody else waited meanwhile', answers.max, 'ms', {
      goal: { atMost: 50 },
      distribution: answers,
      note: 'a request every 10 ms: health, a claim that does not wait, a heartbeat',
    }),
  ]
}
