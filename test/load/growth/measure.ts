import { type Distribution, distribution } from '../figures.ts'
import type { Scene } from '../scene.ts'
import { cpuMs, familyCpuMs } from '../usage.ts'
import type { Addresses } from './addresses.ts'

const warmUps = 3
const requests = 20
/** A slow address gets fewer requests. */
const addressMsMax = 4_000

export interface Measured {
  path: string
  address: string
  status: number
  spread: Distribution
  /** CPU of one request in milliseconds, of the server and of PostgreSQL. Linux counts in steps of 10 ms. */
  serverCpu: number
  postgresCpu: number
  bytes: number
}

/** Requests each address some times, one request after the other. */
export async function measureAll(
  scene: Scene,
  token: string,
  paths: Record<string, Addresses>,
  say: (line: string) => void,
): Promise<Measured[]> {
  const headers = { authorization: `Bearer ${token}`, cookie: await signIn(scene, token) }
  const measured: Measured[] = []
  for (const [path, addresses] of Object.entries(paths)) {
    if (typeof addresses === 'string') continue
    for (const address of addresses) {
      const one = await measure(scene, headers, { path, address })
      measured.push(one)
      say(
        `${address}: ${one.status}, p50 ${one.spread.median} ms, p95 ${one.spread.p95} ms, CPU ${one.serverCpu} and ${one.postgresCpu} ms`,
      )
    }
  }
  return measured
}

/** Signs in as a browser, because some pages are only for administrators. */
async function signIn({ url, api }: Scene, token: string): Promise<string> {
  const link = await api.post<{ url: string }>('/api/v1/login-links')
  const headers = { origin: url, authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' }
  const path = new URL(link.url).pathname
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, redirect: 'manual' })
  return answer.headers
    .getSetCookie()
    .map(cookie => cookie.split(';')[0])
    .join('; ')
}

async function measure(
  { url, server, postgres }: Scene,
  headers: Record<string, string>,
  { path, address }: Pick<Measured, 'path' | 'address'>,
): Promise<Measured> {
  const times: number[] = []
  let last = { status: 0, bytes: 0 }
  const ask = async () => {
    const began = performance.now()
    const answer = await fetch(`${url}${address}`, { headers, redirect: 'manual' })
    const body = await answer.arrayBuffer()
    last = { status: answer.status, bytes: body.byteLength }
    return performance.now() - began
  }
  for (let request = 0; request < warmUps; request++) await ask()
  const before = { server: cpuMs(server.pid), postgres: familyCpuMs(postgres.pid) }
  const began = performance.now()
  while (times.length < requests && performance.now() - began < addressMsMax) times.push(await ask())
  const each = (used: number) => Number((used / times.length).toFixed(1))
  return {
    ...{ path, address, ...last, spread: distribution(times) },
    serverCpu: each(cpuMs(server.pid) - before.server),
    postgresCpu: each(familyCpuMs(postgres.pid) - before.postgres),
  }
}
