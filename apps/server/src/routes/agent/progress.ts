import { readSteps, wireNumber } from '@rumpfarm/contracts'
import type { ProgressOutcome } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import type { Services } from '../../services.ts'
import { err, notHeld, notStored, ok } from './answers.ts'
import { type AttemptMessage, readBodyChecksum, readBytes, wrongLength, wrongSum } from './attempt-message.ts'

/**
 * A host sends its next message after this time. The answer to the message can cancel the job, so a host learns within
 * 3 s that somebody has cancelled its job.
 */
const nextMs = 2_000
/** Replaces `nextMs` while somebody views the log, so that a new line is visible within 300 ms. */
const nextMsViewed = 150

/** Stores a chunk of an attempt's log. An empty chunk is a heartbeat. */
export async function answerProgress(
  { farm, viewers }: Services,
  message: AttemptMessage<Buffer[]>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, attempt, hostId } = message
  const bytes = readBytes(message)
  const offset = wireNumber(query.offset)
  if (!query.lease || offset === undefined) return err(reply, 400, 'the parameters "lease" and "offset" are needed')
  if (bytes === undefined) return wrongLength(reply)
  const steps = readSteps(query.steps ?? '')
  if (!steps) return wrongSteps(reply)
  const checksum = readBodyChecksum(message, bytes)
  if (checksum === undefined) return wrongSum(reply)
  const chunk = { offset, bytes, checksum }
  const outcome = await farm.attempts.recordProgress({ ...attempt, hostId, lease: query.lease, steps, ...chunk })
  return answer(reply, outcome, viewers.hasViewers(message.name) ? nextMsViewed : nextMs)
}

function answer(reply: FastifyReply, outcome: ProgressOutcome, next: number): FastifyReply {
  switch (outcome.kind) {
    case 'ok':
    case 'wrong-offset': {
      const lines = [['size', outcome.size] as const, ['next', next] as const, ...cancelLine(outcome.cancel)]
      return outcome.kind === 'ok' ? ok(reply, lines) : err(reply, 409, 'offset', lines)
    }
    case 'not-stored':
      return answerNotStored(reply, outcome)
    case 'wrong-sum':
      return wrongSum(reply)
    case 'wrong-steps':
      return wrongSteps(reply)
    default:
      return notHeld(reply, outcome.kind)
  }
}

const cancelLine = (cancel: string | null) => (cancel === null ? [] : [['cancel', cancel] as const])

/** Without the line `cancel`, a cancelled job would run until the storage works again. */
function answerNotStored(reply: FastifyReply, { cause, cancel }: Extract<ProgressOutcome, { kind: 'not-stored' }>) {
  reply.log.error({ err: cause }, 'a request of a host failed')
  const answered = notStored(reply, cause, cancelLine(cancel))
  if (!answered) throw cause
  return answered
}

const wrongSteps = (reply: FastifyReply) =>
  err(reply, 400, 'the parameter "steps" is malformed, or names more steps than the job has')
