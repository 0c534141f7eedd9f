import type { Offer } from '@rumpfarm/farm'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import type { ClaimResult } from '../../background/claim-loop.ts'
import type { Services } from '../../services.ts'
import { answerClaim, type ClaimRequest, waitSecondsMax } from './claim.ts'

const limits = { wallSeconds: 1, silenceSeconds: 1, graceSeconds: 1, logBytes: 1, lostAfterSeconds: 1, attempts: 1 }
const recipe = { limits, steps: [], env: {} }
const offer = { attempt: '1.1', lease: 'lease', sources: [], uploads: [], cache: [], recipe } as unknown as Offer
const release = { version: '2.0.0', bytes: Buffer.from('agent'), crc: 1, sha256: 'a', md5: 'b' }

test.each<[string, ClaimResult, RegExp]>([
  ['offer', { kind: 'offer', offer }, /^ok\nattempt 1\.1\nlease lease\n/],
  ['none', { kind: 'none' }, /^ok\nnone 0\nend\n$/],
  ['stale', { kind: 'stale', newest: 7 }, /^err 409 stale claim.*\nclaim 7\nend\n$/],
  ['other-instance', { kind: 'other-instance' }, /^err 409 another agent runs as this host/],
  ['no-slot', { kind: 'no-slot' }, /^err 400 the last hello of this host named fewer slots\n/],
  ['too-old', { kind: 'too-old', why: 'the agent is too old' }, /^err 426 the agent is too old\nupdate 2\.0\.0 /],
])('if a claim has the result %s, the answer follows the protocol', async (_, result, expected) => {
  const services = {
    farm: { settings: { leaseSeconds: 90 } },
    claimLoop: { waitForWork: async () => result },
    agentRelease: async () => release,
  } as unknown as Services
  const app = Fastify()
  app.post('/', (request, reply) =>
    answerClaim(services, request as ClaimRequest, reply, {
      bearer: { id: 7, name: 'vax' },
      publicUrl: () => 'http://farm',
      findAgain: async () => undefined,
    }),
  )
  const answer = await app.inject({ method: 'POST', url: '/?instance=i&slot=1&claim=1' })
  await app.close()
  expect(answer.body).toMatch(expected)
})

test.each([
  { leaseSeconds: 90, poll: 50 },
  { leaseSeconds: 3600, poll: 50 },
  { leaseSeconds: 30, poll: 16 },
  { leaseSeconds: 5, poll: 2 },
])('with a lease of $leaseSeconds s, a claim waits at most $poll s', ({ leaseSeconds, poll }) =>
  expect(waitSecondsMax(leaseSeconds)).toBe(poll),
)
