import { isArtifactName, wireNumber } from '@rumpfarm/contracts'
import type { ArtifactOutcome } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import type { Services } from '../../services.ts'
import { err, notHeld, ok } from './answers.ts'
import { type AttemptMessage, readBodyChecksum, readBytes, wrongLength, wrongSum } from './attempt-message.ts'

/** Stores a chunk of an artifact that a host uploads. */
export async function answerArtifact(
  { farm }: Services,
  message: AttemptMessage<Buffer[]>,
  name: string,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, attempt, hostId } = message
  const bytes = readBytes(message)
  const [offset, size] = [wireNumber(query.offset), wireNumber(query.size)]
  if (!query.lease || offset === undefined || size === undefined)
    return err(reply, 400, 'the parameters "lease", "offset" and "size" are needed')
  if (!isArtifactName(name)) return err(reply, 400, 'the name of the artifact is malformed')
  if (bytes === undefined) return wrongLength(reply)
  const checksum = readBodyChecksum(message, bytes)
  if (checksum === undefined) return wrongSum(reply)
  const chunk = { offset, bytes, checksum }
  return answer(
    reply,
    await farm.attempts.storeArtifact({ ...attempt, hostId, lease: query.lease, name, size, ...chunk }),
  )
}

function answer(reply: FastifyReply, outcome: ArtifactOutcome): FastifyReply {
  switch (outcome.kind) {
    case 'ok':
      return ok(reply, [['size', outcome.size]])
    case 'wrong-offset':
      return err(reply, 409, 'offset', [['size', outcome.size]])
    case 'wrong-sum':
      return wrongSum(reply)
    case 'too-long':
      return err(reply, 400, 'the body goes beyond the length that the parameter "size" names')
    case 'refused':
      return err(reply, 403, outcome.why)
    default:
      return notHeld(reply, outcome.kind)
  }
}
