import {
  type AttemptId,
  cut,
  type FinishReason,
  finishReasons,
  isArtifactName,
  isWireName,
  lineValue,
  readLines,
  readSteps,
  wireNumber,
} from '@rumpfarm/contracts'
import type { ArtifactOutcome, FinishOutcome, ProgressOutcome, ToldArtifact } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import type { Services } from '../../services.ts'
import { err, ok } from './answers.ts'

export type Query = Record<string, string | undefined>

/** Often enough that a cancel is obeyed within 3 s. */
const nextMs = 2_000
/** While somebody looks: a line is seen within 300 ms. */
const nextMsWatched = 150

export interface Message<Body> {
  attempt: AttemptId
  /** The attempt's name. */
  name: string
  hostId: number
  query: Query
  body: Body
}

export async function answerProgress(
  services: Services,
  message: Message<Buffer[]>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, attempt, hostId } = message
  const bytes = bytesOf(message)
  const offset = wireNumber(query.offset)
  if (!query.lease || offset === undefined) return err(reply, 400, 'the parameters "lease" and "offset" are needed')
  if (bytes === undefined) return err(reply, 422, 'the body does not have the length that the parameter "len" names')
  const { lease, sum = 'none', steps = '' } = query
  const outcome = await services.farm.attempts.recordProgress({ ...attempt, hostId, lease, offset, bytes, sum, steps })
  return progressAnswer(reply, outcome, services.viewers.hasViewers(message.name) ? nextMsWatched : nextMs)
}

function bytesOf({ query, body }: Message<Buffer[]>): Buffer[] | undefined {
  const bytes = query.enc === 'hex' ? [Buffer.from(Buffer.concat(body).toString('latin1'), 'hex')] : body
  const length = bytes.reduce((sum, piece) => sum + piece.length, 0)
  return wireNumber(query.len ?? '0') === length ? bytes : undefined
}

function progressAnswer(reply: FastifyReply, outcome: ProgressOutcome, next: number): FastifyReply {
  switch (outcome.kind) {
    case 'ok':
    case 'wrong-offset': {
      const cancel = outcome.cancel === null ? [] : ([['cancel', outcome.cancel]] as const)
      const lines = [['size', outcome.size] as const, ['next', next] as const, ...cancel]
      return outcome.kind === 'ok' ? ok(reply, lines) : err(reply, 409, 'offset', lines)
    }
    case 'wrong-sum':
      return wrongSum(reply)
    case 'wrong-steps':
      return err(reply, 400, 'the parameter "steps" is malformed, or names more steps than the job has')
    default:
      return notHeld(reply, outcome.kind)
  }
}

export async function answerArtifact(
  { farm }: Services,
  message: Message<Buffer[]> & { artifact: string },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, attempt, hostId, artifact } = message
  const bytes = bytesOf(message)
  const [offset, size] = [wireNumber(query.offset), wireNumber(query.size)]
  if (!query.lease || offset === undefined || size === undefined)
    return err(reply, 400, 'the parameters "lease", "offset" and "size" are needed')
  if (!isArtifactName(artifact)) return err(reply, 400, 'this is no name of an artifact')
  if (bytes === undefined) return err(reply, 422, 'the body does not have the length that the parameter "len" names')
  const { lease, sum = 'none' } = query
  return artifactAnswer(
    reply,
    await farm.attempts.storeArtifact({ ...attempt, hostId, lease, name: artifact, size, offset, bytes, sum }),
  )
}

function artifactAnswer(reply: FastifyReply, outcome: ArtifactOutcome): FastifyReply {
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

const wrongSum = (reply: FastifyReply) => err(reply, 422, 'the checksum "sum" is not that of the body')

const notHeld = (reply: FastifyReply, kind: 'unknown' | 'lease-lost'): FastifyReply =>
  kind === 'unknown'
    ? err(reply, 404, 'this host has no such attempt')
    : err(reply, 410, 'the lease is lost: the attempt is over, or someone else has it')

export async function answerFinish(
  services: Services,
  message: Message<Buffer>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { attempt, hostId, query } = message
  const read = readFinish(message.body)
  if (!query.lease) return err(reply, 400, 'the parameter "lease" is needed')
  if (typeof read === 'string') return err(reply, 400, read)
  return finishAnswer(reply, await services.farm.attempts.finish({ ...attempt, hostId, lease: query.lease, ...read }))
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
  const sum = lineValue(read.lines, 'sum') ?? 'none'
  if (!isSum(sum)) return 'the line "sum" is malformed'
  const artifacts = valuesOf(read.lines, 'artifact').map(readArtifact)
  if (!artifacts.every(artifact => artifact !== undefined)) return 'a line "artifact" is malformed: NAME BYTES SUM'
  const artifactsLeft = valuesOf(read.lines, 'left').map(line => cut(line, 1000))
  const detail = shortValue(read.lines, 'detail')
  const compiler = shortValue(read.lines, 'compiler')
  return { reason, steps, logBytes, sum, detail, compiler, artifacts, artifactsLeft: artifactsLeft.slice(0, leftMax) }
}

const leftMax = 50

function shortValue(lines: readonly [string, string][], key: string): string | undefined {
  const value = lineValue(lines, key)
  return value === undefined ? undefined : cut(value, 1000)
}

const isSum = (text: string) => /^(none|crc:\d{1,10}|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$/.test(text)

const valuesOf = (lines: readonly [string, string][], key: string): string[] =>
  lines.flatMap(([name, value]) => (name === key ? [value] : []))

function readArtifact(line: string): ToldArtifact | undefined {
  const [name = '', length, sum = '', more] = line.split(' ')
  const bytes = wireNumber(length)
  if (!isArtifactName(name) || bytes === undefined || !isSum(sum) || more !== undefined) return undefined
  return { name, bytes, sum }
}

const isReason = (word: string | undefined): word is FinishReason =>
  word !== undefined && isWireName(word) && (finishReasons as readonly string[]).includes(word)

function finishAnswer(reply: FastifyReply, outcome: FinishOutcome): FastifyReply {
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
