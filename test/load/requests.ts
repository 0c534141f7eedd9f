import { gzipSync } from 'node:zlib'
import { type Distribution, distribution } from './figures.ts'
import type { Scene } from './scene.ts'
import { cpuMs } from './usage.ts'

const warmUps = 20

export interface RequestTimes {
  spread: Distribution
  bytes: number
  /** As a proxy sends it: the server itself does not compress. */
  gzipBytes: number
  /** The server's CPU for one request, in milliseconds. */
  cpu: number
}

/** Requests the addresses one after the other, and again from the first. The sizes are those of the largest answer. */
export async function timeOf(
  { url: base, server }: Scene,
  paths: readonly string[],
  requests: number,
): Promise<RequestTimes> {
  const times: number[] = []
  let largest = Buffer.alloc(0)
  let before = 0
  for (let request = -warmUps; request < requests; request++) {
    if (request === 0) before = cpuMs(server.pid)
    const url = `${base}${paths[(request + warmUps) % paths.length]}`
    const began = performance.now()
    const answer = await fetch(url)
    const body = Buffer.from(await answer.arrayBuffer())
    if (request >= 0) times.push(performance.now() - began)
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${body.toString('utf8', 0, 500)}`)
    if (body.length > largest.length) largest = body
  }
  const cpu = (cpuMs(server.pid) - before) / requests
  return { spread: distribution(times), bytes: largest.length, gzipBytes: gzipSync(largest).length, cpu }
}
