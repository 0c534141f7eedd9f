import type { ProjectConfig, WireLine } from '@rumpfarm/contracts'
import { tooOld } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../services.ts'
import { err, ok, unknownCredential } from './answers.ts'
import { bodyOf } from './body.ts'
import { waitSecondsMax } from './claim.ts'
import { readHello, readHostFacts } from './host-facts.ts'
import { updateLines } from './update-lines.ts'

/**
 * An agent sends at most this many bytes of a log in one request. Each request starts curl, which takes about 12 ms.
 * With chunks of 64 KiB, a log arrived at 3 MB/s, and with chunks of 1 MiB at 30 MB/s. The largest body has 1 MiB, so a
 * chunk of 256 KiB fits even if the agent sends two hexadecimal digits for each byte.
 */
const chunkBytes = 256 * 1024

/** Answers an agent that has started, or that reports new facts of its host. */
export async function answerHello(
  { farm, agentRelease }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readHostFacts(bodyOf(request))
  if (read.kind === 'problem') return err(reply, 400, read.problem)
  const hello = readHello(read.value.lines)
  if (hello.kind === 'problem') return err(reply, 400, hello.problem)
  const { version, facts } = read.value
  const outcome = await farm.hosts.hello({ hostId: request.bearer.id, version, facts, ...hello.value })
  if (outcome.kind === 'removed') return unknownCredential(reply)
  if (outcome.kind === 'other-instance') {
    const lastSeen = outcome.lastSeenAt.toISOString()
    const text = `another agent runs as ${request.bearer.name} (last seen at ${lastSeen}): stop one of them`
    return err(reply, 409, text)
  }
  const { leaseSeconds, agentVersionMin } = farm.settings
  const lines: WireLine[] = [
    ['host', request.bearer.name],
    ['poll', waitSecondsMax(leaseSeconds)],
    ['lease', leaseSeconds],
    ['chunk', chunkBytes],
    ...cacheLines(await farm.projects.configs()),
    ...updateLines(await agentRelease(), version),
  ]
  const words = tooOld(version, agentVersionMin)
  return words === null ? ok(reply, lines) : err(reply, 426, words, lines)
}

/** The projects with a cache. The host removes the caches of all other projects. */
function cacheLines(projects: Map<string, ProjectConfig>): WireLine[] {
  const names = [...projects.values()].filter(({ cache }) => cache !== undefined).map(({ name }) => name)
  return [['caches', names.length], ...names.map((name): WireLine => ['cache', name])]
}
