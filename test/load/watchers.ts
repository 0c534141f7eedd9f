import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Program } from '../support/program.ts'
import { type Distribution, type Figure, figure, type Say } from './figures.ts'
import { startAgent } from './real-agent.ts'
import { openScene, type Scene } from './scene.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { cpuMs, familyCpuMs, openDescriptors, residentMb } from './usage.ts'
import type { WatcherWishes } from './watcher-process.ts'
import { openYearScene } from './year.ts'

/** For a shorter run on a busy machine, the environment can give other numbers. */
const given = (name: string, usual: number): number => Number(process.env[name] ?? usual)
const logWatchers = given('BENCH_LOG_WATCHERS', 1_000)
const pageWatchers = given('BENCH_PAGE_WATCHERS', 500)
const seconds = given('BENCH_SECONDS', 20)
const jobsWanted = given('BENCH_JOBS', 80_000)
const warmUpSeconds = 8
const cpuGoal = { goal: { atMost: 30 } }

/** Measures many watchers of one log, and then many watchers of the matrix page while jobs end. */
export async function watchers(say: Say): Promise<Figure[]> {
  const ofLog = logWatchers > 0 ? await watchersOfLog(say) : []
  return [...ofLog, ...(pageWatchers > 0 ? await watchersOfMatrix(say) : [])]
}

interface Result {
  events: number
  bytes: number
  changed: number
  unchanged: number
  refused: number
  pageBytes: number
  latency: Distribution
  load: Distribution
  lines: Distribution
}

// About ten lines a second, as of a compiler. The pauses of the agent and the farm are no multiples of 0.09 s.
const talker = ({ served }: { served: string }) => `
projects:
  talker:
    repository: ${served}
    steps:
      - talk: |
          i=0
          while [ "$i" -lt 5000 ]; do
            sleep 0.09
            i=$((i + 1))
            echo "mark $i $(date +%s%N) end: cc -O2 -pipe -I../include -c -o file$i.o ../src/file$i.c"
          done
`

async function watchersOfLog(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml: talker })
  try {
    const agent = await startAgent(scene, 'agent')
    try {
      await scene.push('served', scene.repository.commits[0] as string)
      await agent.hears('that the job has started', /: started/)
      const wishes = { path: '/events?log=1.1:0:1', watchers: logWatchers }
      const { opened, cpu, postgres, result } = await watch(scene, wishes, say)
      const { min, max } = result.lines
      const note = `${opened}; each received ${min} to ${max} lines; ${perSecond(result.events)} pieces and ${kilobytes(result.bytes)} kB a second`
      const what = `${logWatchers} watchers of one log`
      const line = { goal: { atMost: 500 }, distribution: result.latency, note }
      return [
        figure(`${what}: from the job's line to the event, p95`, result.latency.p95, 'ms', line),
        figure(`${what}: server CPU`, cpu, '% of a core', cpuGoal),
        figure(`${what}: PostgreSQL CPU`, postgres, '% of a core'),
        ...sizesOf(what, scene),
      ]
    } finally {
      await agent.stop()
    }
  } finally {
    await scene.close()
  }
}

const ticker = ({ served }: { served: string }) => `  ticker:
    repository: ${served}
    hosts: [sim-*]
    steps:
      - build: 'true'
`
const tickingHosts = 4

async function watchersOfMatrix(say: Say): Promise<Figure[]> {
  const { scene, jobs } = await openYearScene(jobsWanted, say, { more: ticker, commits: 60 })
  const ended = new AbortController()
  let ticking: Promise<unknown> = Promise.resolve()
  try {
    const hosts = await scene.hosts(tickingHosts, ['amd64'])
    ticking = tick(scene, hosts, ended.signal)
    const quiet = await share(scene, async () => void (await sleep(5_000)))
    const wishes = { path: '/events?since=0', page: '/', watchers: pageWatchers }
    const { opened, cpu, postgres, result } = await watch(scene, wishes, say)
    const what = `${pageWatchers} browsers on the matrix, a job ends each second`
    const { changed, unchanged, refused } = result
    const note = `${jobs} jobs; ${opened}; pages a second: ${perSecond(changed)} changed, ${perSecond(unchanged)} unchanged (304), ${perSecond(refused)} refused; ${kilobytes(result.pageBytes)} kB a second`
    const alone = `without browsers ${quiet.cpu.toFixed(1)} % and ${quiet.postgres.toFixed(1)} %`
    return [
      figure(`${what}: server CPU`, cpu, '% of a core', { ...cpuGoal, note: alone }),
      figure(`${what}: PostgreSQL CPU`, postgres, '% of a core'),
      figure(`${what}: from the event to the new page, p95`, result.latency.p95, 'ms', {
        distribution: result.latency,
        note,
      }),
      figure(`${what}: one load of the page, p95`, result.load.p95, 'ms', { distribution: result.load }),
      ...sizesOf(what, scene),
    ]
  } finally {
    ended.abort()
    await ticking
    await scene.close()
  }
}

/** Pushes a commit for each round of the hosts. They run their jobs one after the other, one a second. */
async function tick(scene: Scene, hosts: readonly SimulatedHost[], ended: AbortSignal): Promise<void> {
  for (const commit of scene.repository.commits) {
    await scene.push('served', commit)
    for (const host of hosts) {
      if (ended.aborted) return
      const next = sleep(1_000)
      const attempt = await host.claim(5)
      if (attempt) await host.run(attempt)
      await next
    }
  }
}

/** Percent of a core while `work` runs. */
async function share<T>(scene: Scene, work: () => Promise<T>) {
  const now = () => ({
    server: cpuMs(scene.server.pid),
    postgres: familyCpuMs(scene.postgres.pid),
    at: performance.now(),
  })
  const before = now()
  const result = await work()
  const after = now()
  const percent = (part: 'server' | 'postgres') => ((after[part] - before[part]) / (after.at - before.at)) * 100
  return { cpu: percent('server'), postgres: percent('postgres'), result }
}

// This code runs as part of a bundle, and watcher-process.js is in the directory of the bundle.
const watcherProcess = fileURLToPath(new URL('watcher-process.js', import.meta.url))

async function watch(scene: Scene, wishes: Pick<WatcherWishes, 'path' | 'page' | 'watchers'>, say: Say) {
  const all: WatcherWishes = { ...wishes, url: scene.url, warmUpSeconds, seconds }
  const command = [process.execPath, watcherProcess, JSON.stringify(all)]
  const program = new Program(command, { PATH: process.env.PATH ?? '' }, scene.directory)
  try {
    const patience = 300_000
    const opened = await program.line('what it opened', line => /^opened (.*)/.exec(line)?.[1], 0, patience)
    say(`${wishes.watchers} watchers are open, by status: ${opened}`)
    await program.line('that it measures', line => line === 'measures' || undefined, 0, patience)
    const measured = await share(scene, () =>
      program.line('the result', line => /^result (.*)/.exec(line)?.[1], 0, patience),
    )
    return { ...measured, result: JSON.parse(measured.result) as Result, opened: `streams by status ${opened}` }
  } finally {
    await program.stop()
  }
}

const sizesOf = (what: string, { server: { pid } }: Scene): Figure[] => [
  figure(`${what}: server memory`, residentMb(pid), 'MB'),
  figure(`${what}: open descriptors`, openDescriptors(pid), 'descriptors'),
]

const perSecond = (count: number): number => Math.round(count / seconds)
const kilobytes = (bytes: number): number => Math.round(bytes / seconds / 1000)
