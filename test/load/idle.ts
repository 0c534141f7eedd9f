import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Program } from '../support/program.ts'
import { type Figure, figure, type Say } from './figures.ts'
import { timeOf } from './requests.ts'
import { openScene, type Scene } from './scene.ts'
import { cpuMs, familyCpuMs, openDescriptors, residentMb, untilQuiet } from './usage.ts'

const hostsCount = 5_000
/** Every long poll ends once in this time. */
const spanSeconds = 60
const requests = 40

const farmYaml = ({ served }: { served: string }) => `
projects:
  quiet:
    repository: ${served}
    steps:
      - build: 'true'
`

/** Measures the load of thousands of idle hosts on one server. */
export async function idle(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml })
  try {
    const alone = { mb: residentMb(scene.server.pid), ...(await load(scene, 10)) }
    await addHosts(scene, hostsCount)
    say(`${hostsCount} hosts begin their long polls`)
    const hosts = await startHosts(scene, hostsCount)
    try {
      say(`they wait for ${spanSeconds} s`)
      const waiting = await load(scene, spanSeconds)
      const mb = residentMb(scene.server.pid)
      say(
        `${Math.round(mb)} MB; server ${waiting.server.toFixed(1)} % of a core, PostgreSQL ${waiting.postgres.toFixed(1)} %`,
      )
      say(await answersOf(hosts))
      const page = await timeOf(scene, ['/'], requests)
      const floor = await timeOf(scene, ['/healthz'], requests)
      return [
        ...(await figuresOf(scene, alone, { mb, ...waiting })),
        figure(`/ with ${hostsCount} idle hosts, p95`, page.spread.p95, 'ms', {
          goal: { atMost: 60 },
          distribution: page.spread,
        }),
        figure('its size', page.bytes / 1000, 'kB'),
        figure('for comparison, /healthz, p95', floor.spread.p95, 'ms', { distribution: floor.spread }),
      ]
    } finally {
      await hosts.stop()
    }
  } finally {
    await scene.close()
  }
}

/** Adds enrolled hosts that have sent their hello. The credential and the instance of host 7 are "idle-7". */
async function addHosts({ db }: Scene, count: number): Promise<void> {
  await db.query(
    `WITH added AS (
       INSERT INTO "Host" ("name", "credentialHash", "facts", "agentVersion", "instance", "enrolledAt", "lastSeenAt")
       SELECT concat('idle-', n), encode(sha256(concat('idle-', n)::bytea), 'hex'), '{"uname_s": "Simulated", "uname_m": "x86_64"}',
              '1.0.0', concat('idle-', n), now(), now()
         FROM generate_series(0, $1::int - 1) n
       RETURNING "id")
     INSERT INTO "HostArch" ("hostId", "arch", "kind", "compiler") SELECT "id", 'amd64', 'native', 'cc 1.0' FROM added`,
    [count],
  )
  await db.query('ANALYZE')
}

// This code runs as part of a bundle, and idle-hosts.js is in the directory of the bundle.
const program = fileURLToPath(new URL('idle-hosts.js', import.meta.url))

/** The hosts are another process, so that their memory and CPU do not count. Resolves when all of them wait. */
async function startHosts({ url, server }: Scene, count: number) {
  const spreadSeconds = 50
  const args = [new URL(url).port, count, spreadSeconds].map(String)
  const hosts = new Program([process.execPath, program, ...args], { PATH: process.env.PATH ?? '' }, '/')
  await hosts.line('that all hosts wait', line => /^all hosts wait/.exec(line)?.[0])
  await untilQuiet(server.pid, { spanMs: 1000, cpuMsMax: 700 })
  return hosts
}

/** How many claims were answered, and how many failed. */
async function answersOf(hosts: Program): Promise<string> {
  const after = hosts.lines.length
  hosts.child.kill('SIGUSR2')
  const counts = await hosts.line('its counts', line => /^answered \d+, failed \d+/.exec(line)?.[0], after)
  return [counts, ...hosts.lines.filter(line => line.startsWith('a claim failed'))].join('; ')
}

/** Percent of one core over a period. */
async function load(scene: Scene, seconds: number) {
  const redis = () => (scene.redis?.pid === undefined ? 0 : cpuMs(scene.redis.pid))
  const now = () => ({ server: cpuMs(scene.server.pid), postgres: familyCpuMs(scene.postgres.pid), redis: redis() })
  const before = now()
  const began = performance.now()
  await sleep(seconds * 1000)
  const took = (performance.now() - began) / 1000
  const after = now()
  const percent = (part: 'server' | 'postgres' | 'redis') => (after[part] - before[part]) / took / 10
  return { server: percent('server'), postgres: percent('postgres'), redis: percent('redis') }
}

type Load = Awaited<ReturnType<typeof load>> & { mb: number }

async function figuresOf(scene: Scene, alone: Load, waiting: Load): Promise<Figure[]> {
  const note = `with no host: ${Math.round(alone.mb)} MB, ${alone.server.toFixed(1)} % of a core`
  const figures = [
    figure(`server memory with ${hostsCount} idle hosts`, waiting.mb, 'MB', { note, goal: { atMost: 400 } }),
    figure(`server CPU with ${hostsCount} idle hosts`, waiting.server, '% of a core', { note, goal: { atMost: 12 } }),
    figure(`PostgreSQL CPU with ${hostsCount} idle hosts`, waiting.postgres, '% of a core'),
    figure(`Redis CPU with ${hostsCount} idle hosts`, waiting.redis, '% of a core'),
    figure(`open descriptors with ${hostsCount} idle hosts`, openDescriptors(scene.server.pid), 'descriptors'),
  ]
  if (!scene.redis) return figures
  const clients = [...(await scene.redis.ask('CLIENT LIST')).matchAll(/^(\$\d+\r\n)?id=/gm)].length - 1
  return [...figures, figure('Redis connections', clients, 'connections', { goal: { atMost: 64 } })]
}
