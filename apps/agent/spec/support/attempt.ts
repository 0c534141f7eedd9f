import { type Answer, ok } from './answer.ts'
import type { Log } from './log.ts'
import { cksum, md5, sha256 } from './sums.ts'

export type Job = {
  steps: Record<string, string>
  env?: Record<string, string>
  sources?: Record<string, Record<string, string | Buffer>>
  /** Replaces the tarballs of `sources`. */
  archives?: Buffer[]
  dir?: string
  arch?: string
  project?: string
  branch?: string
  wall?: number
  silence?: number
  grace?: number
  logmax?: number
  artifacts?: string[]
  filemax?: number
  cache?: string[]
  fork?: boolean
}

export type Finish = {
  reason: string
  steps?: string
  logsize: string
  sum: string
  detail?: string
  artifacts: string[]
  left: string[]
  compiler?: string
  at: number
}

export type Attempt = {
  id: string
  lease: string
  job: Job
  tarballs: Buffer[]
  state: 'queued' | 'leased' | 'gone' | 'finished'
  slot: string
  claim: number
  claimedAt: number
  sourceCalls: number
  finishCalls: number
  log: Log
  /** For the name of each artifact, the bytes that have arrived and the final size. */
  artifacts: Map<string, { bytes: Log; size: number }>
  artifactCalls: { name: string; offset: number; len: number }[]
  steps: string
  step: number
  cancel: string
  calls: { at: number; offset: number; len: number; step: number; steps: string }[]
  finishes: Finish[]
}

const knownSums = new WeakMap<Buffer, string>()
/** Length and checksums, calculated once, because for 45 MB they take 0.5 s. */
const sumsOf = (bytes: Buffer): string => {
  const known = knownSums.get(bytes) ?? `${bytes.length} crc:${cksum(bytes)} sha256:${sha256(bytes)} md5:${md5(bytes)}`
  knownSums.set(bytes, known)
  return known
}

/** The answer to a claim. */
export const offer = ({ id, lease, job, tarballs }: Attempt): Answer => {
  const names = Object.keys(job.sources ?? { src: {} })
  return ok(
    `attempt ${id}`,
    `lease ${lease}`,
    `project ${job.project ?? 'sample'}`,
    ...(job.branch === undefined ? [] : [`branch ${job.branch}`]),
    'build 17',
    `arch ${job.arch ?? 'amd64'}`,
    'variant default',
    `wall ${job.wall ?? 3600}`,
    `silence ${job.silence ?? 900}`,
    `grace ${job.grace ?? 1}`,
    `logmax ${job.logmax ?? 100_000_000}`,
    'flavour a key of a later farm',
    ...tarballs.map((bytes, i) => `source ${names[i]} ${sumsOf(bytes)}`),
    `dir ${job.dir ?? names[0]}`,
    ...(job.artifacts ?? []).map(pattern => `artifact ${pattern}`),
    ...(job.cache ?? []).map(path => `cache ${path}`),
    ...(job.fork ? ['fork yes'] : []),
    ...(job.filemax === undefined ? [] : [`filemax ${job.filemax}`]),
    ...Object.entries(job.env ?? {}).map(([key, value]) => `env ${key}=${value}`),
    ...Object.entries(job.steps).flatMap(([name, text]) => [
      `step ${name}`,
      ...text.split('\n').map(line => (line === '' ? '|' : `| ${line}`)),
    ]),
  )
}
