import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type AttemptId, wireNumber } from '@rumpfarm/contracts'
import type { FastifyReply } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Services } from '../../services.ts'
import { wantedTarball } from '../../wanted-tarball.ts'
import { err, leaseLost } from './answers.ts'

/** Sends one tarball of an attempt. If the tarball is no longer in the cache, the server makes it again. */
export async function sendSource(
  { farm, mirrors }: Services,
  request: { attempt: AttemptId; hostId: number; lease: string | undefined; number: string },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const sources = await farm.attempts.sourcesOf(request.attempt, request.hostId, request.lease ?? '')
  if (!sources) return leaseLost(reply)
  const source = sources[(wireNumber(request.number) ?? 0) - 1]
  if (!source) return err(reply, 404, `this attempt has ${sources.length} sources, counted from 1`)
  const tarball = await mirrors.tarball(wantedTarball(source))
  if ('problem' in tarball) return err(reply, 503, tarball.problem, [['retry', 30]])
  reply.code(200).type('application/gzip').header('content-length', tarball.bytes)
  if (tarball.bytes <= smallBytesMax) return reply.send(await smallTarball(tarball.file))
  return reply.send(createReadStream(tarball.file, { highWaterMark: 256 * 1024 }))
}

/**
 * Hundreds of jobs of a build receive the same tarball within seconds, so the server sends small tarballs from memory.
 */
const smallBytesMax = 256 * 1024
const small = new LRUCache<string, Buffer>({ max: 64 })

/** The file name of a tarball depends on its content, so a cached tarball stays valid. */
async function smallTarball(file: string): Promise<Buffer> {
  const cached = small.get(file)
  if (cached) return cached
  const bytes = await readFile(file)
  small.set(file, bytes)
  return bytes
}
