import {
  cut,
  type FinishReason,
  finishReasons,
  isArtifactName,
  lineValue,
  readChecksum,
  readLines,
  readSteps,
  wireNumber,
} from '@rumpfarm/contracts'
import type { FinishOutcome, ReportedArtifact } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import type { Services } from '../../services.ts'
import { err, notHeld, ok } from './answers.ts'
import type { AttemptMessage } from './attempt-message.ts'

/** Records the end of an attempt. */
export async function answerFinish(
  { farm }: Services,
  { attempt, hostId, query, body }: AttemptMessage<Buffer>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readFinish(body)
  if (!query.lease) return err(reply, 400, 'the parameter "lease" is needed')
  if (typeof read === 'string') return err(reply, 400, read)
  return answer(reply, await farm.attempts.finish({ ...attempt, hostId, lease: query.lease, ...read }))
}

function readFinish(body: Buffer) {
  const read = readLines(body.toString('utf8'))
  if (read.kind === 'malformed') return read.problem
  const reason = lineValue(read.lines, 'reason')
  if (!isReason(reason)) return `the line "reason" must be one of ${finishReasons.join(', ')}`
  const steps = readSteps(lineValue(read.lines, 'steps') ?? '')
  if (!steps) return 'the line "steps" is malformed'
  const logBytes = wireNumber(lineValue(read.lines, 'logsize') ?? '0')
  if (logBytes === undefined) return 'the line "logsize" is not a number of at most 9 digits'
  const checksum = readChecksum(lineValue(read.lines, 'sum') ?? 'none')
  if (checksum === undefined) return 'the line "sum" is malformed'
  const artifacts = valuesOf(read.lines, 'artifact').map(readArtifact)
  if (!artifacts.every(artifact => artifact !== undefined)) return 'a line "artifact" is malformed: NAME BYTES SUM'
  const artifactsLeft = valuesOf(read.lines, 'left').map(line => cut(line, 1000))
  const detail = shortValue(read.lines, 'detail')
  const compiler = shortValue(read.lines, 'compiler')
  return {
    reason,
    steps,
    logBytes,
    checksum,
    detail,
    compiler,
    artifacts,
    artifactsLeft: artifactsLeft.slice(0, leftMax),
  }
}

/** At most this many lines about files that the host has not uploaded. */
const leftMax = 50

function shortValue(lines: readonly [string, string][], key: string): string | undefined {
  const value = lineValue(lines, key)
  return value === undefined ? undefined : cut(value, 1000)
}

const valuesOf = (lines: readonly [string, string][], key: string): string[] =>
  lines.flatMap(([name, value]) => (name === key ? [value] : []))

function readArtifact(line: string): ReportedArtifact | undefined {
  const [name = '', length, sum = '', more] = line.split(' ')
  const bytes = wireNumber(length)
  const checksum = readChecksum(sum)
  if (!isArtifactName(name) || bytes === undefined || checksum === undefined || more !== undefined) return undefined
  return { name, bytes, checksum }
}

const isReason = (text: string | undefined): text is FinishReason =>
  (finishReasons as readonly (string | undefined)[]).includes(text)

function answer(reply: FastifyReply, outcome: FinishOutcome): FastifyReply {
  switch (outcome.kind) {
    case 'finished':
      return ok(reply, [['verdict', outcome.verdict]])
    case 'log-incomplete':
      return err(reply, 409, 'size', [['size', outcome.size]])
    case 'artifact-incomplete':
      return err(reply, 409, 'artifact', [['artifact', `${outcome.name} ${outcome.size}`]])
    case 'wrong-steps':
      return err(reply, 400, 'the line "steps" names more steps than the job has')
    default:
      return notHeld(reply, outcome.kind)
  }
}
