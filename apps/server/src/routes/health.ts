import { access, constants, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { answerRefusals } from '../http/problems.ts'
import { limitRates } from '../http/rate-limits.ts'
import type { Services } from '../services.ts'
import { withTimeout } from '../timeout.ts'

/** `/readyz` answers within five seconds, even if a disk or PostgreSQL hangs. */
const checkMs = 4_700
/** Without Redis, the bucket or the replica, the farm continues, so `/readyz` does not wait long for them. */
const optionalMs = 2_000

interface Unready {
  code: 503 | 507
  status: 'database' | 'storage' | 'disk'
  problem: string
}

type Given = Pick<Services, 'farm' | 'config' | 'pingBucket' | 'pingRedis' | 'draining' | 'serverProblems'>

/**
 * Two addresses for supervisors and load balancers. `/healthz` says that this process answers. `/readyz` also says that
 * the database and the data directory work, and that the disk has free space. The answers contain no address and no
 * path, because everybody can read them.
 */
export const healthPlugin = (given: Given) => async (app: FastifyInstance) => {
  await limitRates(app, 'health')
  answerRefusals(app)
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (request, reply) => {
    if (given.draining?.begun)
      return reply.code(503).send({ status: 'stopping', problem: 'this server stops: send requests to another one' })
    const note = (problem: string) => (error: unknown) => {
      request.log.warn({ err: error }, problem)
      return problem
    }
    const [database, storage, ...problems] = await Promise.all([
      checkDatabase(given, note),
      checkStorage(given, note),
      checkBucket(given, note),
      checkRedis(given, note),
      checkReplica(given),
    ])
    const unready = database ?? storage
    const problem = [...problems, differences(given)].filter(found => found !== undefined).join('; ')
    if (!unready) return problem === '' ? { status: 'ok' } : { status: 'ok', problem }
    const { code, ...answer } = unready
    return reply.code(code).header('retry-after', '5').send(answer)
  })
}

/** Logs an error, which can contain an address, and returns the problem without it. */
type Note = (problem: string) => (error: unknown) => string

async function checkDatabase({ farm }: Given, note: Note): Promise<Unready | undefined> {
  const failed = note('the database does not answer; see the log of the server')
  return withTimeout(checkMs, farm.ping()).then(
    () => undefined,
    error => ({ code: 503, status: 'database', problem: failed(error) }),
  )
}

async function checkStorage({ config }: Given, note: Note): Promise<Unready | undefined> {
  const failed = note('the data directory cannot be written; see the log of the server')
  try {
    return await withTimeout(checkMs, checkDirectories(config))
  } catch (error) {
    return { code: 503, status: 'storage', problem: failed(error) }
  }
}

/** The logs can be on another disk than the rest of the data directory. */
async function checkDirectories({ dataDirectory, diskReserveBytes }: Given['config']): Promise<Unready | undefined> {
  const directories = [dataDirectory, join(dataDirectory, 'logs')]
  const free = Math.min(...(await Promise.all(directories.map(freeBytes))))
  if (free >= diskReserveBytes) return undefined
  const [has, needs] = [free, diskReserveBytes].map(bytes => Math.floor(bytes / 1_000_000))
  const problem = `the disk of the data directory has ${has} MB free, and the farm needs ${needs} MB: until the operator frees some space, the farm takes no logs and artifacts, and hosts keep them`
  return { code: 507, status: 'disk', problem }
}

async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory)
    if (bavail * bsize > 0) await access(directory, constants.W_OK)
    return bavail * bsize
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && directory.endsWith('logs')) return Number.MAX_SAFE_INTEGER
    throw error
  }
}

/**
 * Without the bucket, the server is ready: it takes heartbeats, claims and short logs. If it said that it was not ready, a
 * load balancer would take all servers out at once.
 */
async function checkBucket({ pingBucket }: Given, note: Note): Promise<string | undefined> {
  if (!pingBucket) return undefined
  const failed = note(
    'the bucket does not answer: the farm takes up to 1 MiB of each log and artifact, and hosts keep the rest; see the log of the server',
  )
  return withTimeout(optionalMs, pingBucket()).then(() => undefined, failed)
}

async function checkRedis({ pingRedis }: Given, note: Note): Promise<string | undefined> {
  if (!pingRedis) return undefined
  const failed = note('Redis does not answer: jobs wait in the database until it answers again')
  return withTimeout(optionalMs, pingRedis()).then(() => undefined, failed)
}

async function checkReplica({ farm }: Given): Promise<string | undefined> {
  const looking = farm.isReplicaUsable()
  if (!looking) return undefined
  const usable = await withTimeout(optionalMs, looking).catch(() => false)
  return usable ? undefined : 'the replica of the database is late or does not answer: the primary answers all reads'
}

/** The log and the pages of administrators say what it is. It can contain names of machines, so this answer does not. */
const differences = ({ serverProblems }: Given): string | undefined =>
  (serverProblems?.() ?? []).length === 0
    ? undefined
    : 'this server does not agree with another server or with the database; see the log of the server'
