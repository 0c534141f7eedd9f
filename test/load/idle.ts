import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, figure, type Say } from './figures.ts'
import { openScene, type Scene } from './scene.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { cpuMs, familyCpuMs, openDescriptors, residentMb, untilQuiet } from './usage.ts'

const hostsCount = 1000
/** Longer than a long poll, so that each host claims at least once. */
const spanSeconds = 55

const farmYaml = ({ served }: { served: string }) => `
projects:
  quiet:
    repository: ${served}
    steps:
      - build: 'true'
`

/** Measures the load of a thousand idle hosts on one server. */
export async function idle(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml })
  try {
    const alone = { mb: residentMb(scene.server.pid), ...(await load(scene, 10)) }
    say(`${hostsCount} hosts enrol`)
    const hosts = await scene.hosts(hostsCount, ['amd64'])
    const leaving = new AbortController()
    const polls = Promise.allSettled(hosts.map(host => pollUntil(host, leaving.signal)))
    await untilQuiet(scene.server.pid, { spanMs: 1000, cpuMsMax: 100 })
    say(`they wait for ${spanSeconds} s`)
    const waiting = await load(scene, spanSeconds)
    const figures = await figuresOf(scene, alone, waiting)
    leaving.abort()
    for (const host of hosts) host.wire.close()
    await polls
    return figures
  } finally {
    await scene.close()
  }
}

async function pollUntil(host: SimulatedHost, leaving: AbortSignal): Promise<void> {
  while (!leaving.aborted) await host.claim(50)
}

/** Percent of one core over a period. */
async function load(scene: Scene, seconds: number) {
  const now = () => ({ server: cpuMs(scene.server.pid), postgres: familyCpuMs(scene.postgres.pid) })
  const before = now()
  await sleep(seconds * 1000)
  const after = now()
  const percent = (part: 'server' | 'postgres') => (after[part] - before[part]) / seconds / 10
  return { server: percent('server'), postgres: percent('postgres') }
}

type Load = Awaited<ReturnType<typeof load>>

async function figuresOf(scene: Scene, alone: Load & { mb: number }, waiting: Load): Promise<Figure[]> {
  const { pid } = scene.server
  const note = `with no host: ${Math.round(alone.mb)} MB, ${alone.server.toFixed(1)} % of a core`
  const figures = [
    figure(`server memory with ${hostsCount} idle hosts`, residentMb(pid), 'MB', { note }),
    figure(`server CPU with ${hostsCount} idle hosts`, waiting.server, '% of a core', { note }),
    figure(`PostgreSQL CPU with ${hostsCount} idle hosts`, waiting.postgres, '% of a core'),
    figure(`open descriptors with ${hostsCount} idle hosts`, openDescriptors(pid), 'descriptors'),
  ]
  if (!scene.redis) return figures
  const clients = [...(await scene.redis.ask('CLIENT LIST')).matchAll(/^(\$\d+\r\n)?id=/gm)].length - 1
  return [...figures, figure('Redis connections', clients, 'connections', { goal: { atMost: 64 } })]
}
