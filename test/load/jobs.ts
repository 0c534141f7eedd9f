import { type Figure, figure, median, type Say } from './figures.ts'
import { openScene, type Scene } from './scene.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { cpuMs, familyCpuMs, residentMb, untilQuiet } from './usage.ts'

const hostsCount = 100
const arches = Array.from({ length: 20 }, (_, i) => `arch-${i}`)
const jobsPerRound = hostsCount * arches.length
/** The number of measured rounds. */
const rounds = 5

const farmYaml = ({ served }: { served: string }) => `
projects:
  trivial:
    repository: ${served}
    steps:
      - build: 'true'
`

/** Measures the rate and the cost of trivial jobs: claim, sources, one progress message, finish. */
export async function jobs(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml, commits: rounds + 1 })
  try {
    const beginMb = residentMb(scene.server.pid)
    const measured = await measureRounds(scene, say)
    const endMb = residentMb(scene.server.pid)
    return figuresOf(measured, { beginMb, endMb, backend: scene.redis ? 'Redis' : 'PostgreSQL' })
  } finally {
    await scene.close()
  }
}

/** Measures the same with one to three servers. They use all cores, together with PostgreSQL and the hosts. */
export async function servers(say: Say): Promise<Figure[]> {
  const one = await withServers(1, say)
  const all = [one, await withServers(2, say), await withServers(3, say)]
  return all.flatMap(({ called, rate, server, postgres }) => {
    const ratio = (value: number, base: number) => ({ note: `${(value / base).toFixed(2)} times that of 1 server` })
    return [
      figure(`trivial jobs, ${called}`, rate, 'jobs/s', ratio(rate, one.rate)),
      figure(`CPU of all servers for a trivial job, ${called}`, server, 'ms', ratio(server, one.server)),
      figure(`PostgreSQL CPU of a trivial job, ${called}`, postgres, 'ms', ratio(postgres, one.postgres)),
    ]
  })
}

async function withServers(count: number, say: Say) {
  const called = count === 1 ? '1 server' : `${count} servers`
  const scene = await openScene({ farmYaml, commits: rounds + 1, ownCore: false })
  try {
    for (let more = 1; more < count; more++) await scene.addServer()
    const measured = await measureRounds(scene, line => say(`${called}: ${line}`))
    const of = (value: (round: Round) => number) => median(measured.map(value))
    return {
      called,
      rate: of(({ seconds }) => jobsPerRound / seconds),
      server: of(({ run, plan }) => run.server + plan.server),
      postgres: of(({ run, plan }) => run.postgres + plan.postgres),
    }
  } finally {
    await scene.close()
  }
}

/** The rounds after the first, which only warms up the farm. */
async function measureRounds(scene: Scene, say: Say): Promise<Round[]> {
  say(`${hostsCount} hosts enrol`)
  const hosts = await scene.hosts(hostsCount, arches)
  const measured: Round[] = []
  for (const commit of scene.repository.commits) {
    measured.push(await round(scene, hosts, commit))
    say(told(measured.at(-1) as Round))
  }
  return measured.slice(1)
}

interface Cpu {
  server: number
  postgres: number
  redis: number
  bench: number
}

interface Round {
  seconds: number
  plan: Cpu
  run: Cpu
}

const cpuOf = ({ servers, postgres, redis }: Scene): Cpu => ({
  server: servers.reduce((sum, { pid }) => sum + cpuMs(pid), 0),
  postgres: familyCpuMs(postgres.pid),
  redis: redis?.pid === undefined ? 0 : cpuMs(redis.pid),
  bench: cpuMs(process.pid),
})

const perJob = (after: Cpu, before: Cpu): Cpu => ({
  server: (after.server - before.server) / jobsPerRound,
  postgres: (after.postgres - before.postgres) / jobsPerRound,
  redis: (after.redis - before.redis) / jobsPerRound,
  bench: (after.bench - before.bench) / jobsPerRound,
})

/** One push makes all jobs. All hosts start when every job can be claimed. */
async function round(scene: Scene, hosts: SimulatedHost[], commit: string): Promise<Round> {
  const atFirst = cpuOf(scene)
  await scene.push('served', commit)
  await untilQueued(scene)
  for (const { pid } of scene.servers) await untilQuiet(pid)
  const planned = cpuOf(scene)
  const began = performance.now()
  await Promise.all(hosts.map(host => work(host, arches.length)))
  const seconds = (performance.now() - began) / 1000
  for (const { pid } of scene.servers) await untilQuiet(pid)
  return { seconds, plan: perJob(planned, atFirst), run: perJob(cpuOf(scene), planned) }
}

async function untilQueued({ db, server }: Scene): Promise<void> {
  for (;;) {
    const { rows } = await db.query(`SELECT count(*)::int AS jobs FROM "Attempt" WHERE "state" = 'queued'`)
    if (rows[0].jobs === jobsPerRound) return
    await untilQuiet(server.pid, { cpuMsMax: Number.POSITIVE_INFINITY })
  }
}

async function work(host: SimulatedHost, count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const attempt = await host.claim(50)
    if (!attempt) continue
    await host.run(attempt)
    done++
  }
}

const told = ({ seconds, run, plan }: Round) =>
  `${Math.round(jobsPerRound / seconds)} jobs/s; CPU of a job: server ${run.server.toFixed(2)} ms` +
  ` (and ${plan.server.toFixed(2)} to plan it), PostgreSQL ${run.postgres.toFixed(2)}, Redis ${run.redis.toFixed(2)}, bench ${run.bench.toFixed(2)}`

function figuresOf(measured: Round[], at: { beginMb: number; endMb: number; backend: string }): Figure[] {
  const note = `median of ${measured.length} rounds of ${jobsPerRound} jobs on ${hostsCount} hosts; queues in ${at.backend}`
  const of = (value: (round: Round) => number) => median(measured.map(value))
  return [
    figure(
      'server CPU of a trivial job, planning included',
      of(({ run, plan }) => run.server + plan.server),
      'ms',
      {
        goal: { atMost: 5 },
        note,
      },
    ),
    figure(
      'trivial jobs, the server on one core',
      of(({ seconds }) => jobsPerRound / seconds),
      'jobs/s',
      {
        goal: { atLeast: 300 },
        note,
      },
    ),
    figure(
      'of the server CPU: push, plan and dispatch',
      of(({ plan }) => plan.server),
      'ms',
    ),
    figure(
      'PostgreSQL CPU of a trivial job',
      of(({ run, plan }) => run.postgres + plan.postgres),
      'ms',
    ),
    figure(
      'Redis CPU of a trivial job',
      of(({ run, plan }) => run.redis + plan.redis),
      'ms',
    ),
    figure(
      'CPU of a simulated host for a trivial job',
      of(({ run }) => run.bench),
      'ms',
    ),
    figure(`server memory after ${jobsPerRound * (rounds + 1)} jobs`, at.endMb, 'MB', {
      note: `${Math.round(at.beginMb)} MB before the first`,
    }),
  ]
}
