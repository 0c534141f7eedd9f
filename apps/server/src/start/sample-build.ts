import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type components, type FarmClient, Refusal, Unreachable } from '@rumpfarm/client'

export interface SampleRequest {
  api: FarmClient
  host: string
  say: (line: string) => void
  /** Aborts when the shutdown begins. */
  shutdown: AbortSignal
}

type Schemas = components['schemas']
type Build = Schemas['Build']
type JobSummary = Schemas['JobSummary']

/** Returns the commit of this clone, or git's error message. */
const headCommit = (): { commit: string } | { problem: string } => {
  const { status, stdout, stderr } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  return status === 0 ? { commit: stdout.trim() } : { problem: stderr.trim() }
}

const readBuild = (api: FarmClient, id: number): Promise<Build> =>
  api.get('/api/v1/builds/{id}', { params: { path: { id } } })

const trigger = async (api: FarmClient, ref: string): Promise<Build> => {
  const params = { path: { name: 'sample' } }
  const { id } = await api.post('/api/v1/projects/{name}/builds', { params, body: { ref } })
  return readBuild(api, id)
}

const stepLine = ({ name, exit, milliseconds }: JobSummary['steps'][number]): string =>
  `    ${name.padEnd(12)} ${exit === 0 ? 'passed' : `failed, exit ${exit}`}  ${(milliseconds / 1000).toFixed(1)} s`

const lastLines = (log: string): string[] =>
  log === ''
    ? []
    : log
        .trimEnd()
        .split('\n')
        .slice(-10)
        .map(line => `    | ${line}`)

/** Returns the farm's explanation of the result, which is not in the log. */
const detailOf = async (api: FarmClient, id: number): Promise<string[]> => {
  const { attempts } = await api.get('/api/v1/jobs/{id}', { params: { path: { id } } })
  const detail = attempts[0]?.detail
  return detail ? [`    ${detail}`] : []
}

const lastBytes = (api: FarmClient, id: number): Promise<string> =>
  api.get('/api/v1/jobs/{id}/log', { params: { path: { id }, header: { range: 'bytes=-2000' } }, parseAs: 'text' })

const sayFailed = async ({ api, say }: SampleRequest, job: JobSummary): Promise<void> => {
  const log = await lastBytes(api, job.id).catch(() => '')
  const where = job.failedStep ? ` at step ${job.failedStep}` : ''
  const first = `  ${job.host} ${job.arch} is ${job.verdict}${where}`
  say([first, ...lastLines(log), ...(await detailOf(api, job.id)), `    ${api.url}/jobs/${job.id}`].join('\n'))
}

/** Prints each step when it ends. */
const follow = async (request: SampleRequest, build: Build, jobId: number): Promise<void> => {
  const { api, say, shutdown } = request
  let printed = 0
  while (!shutdown.aborted) {
    const job = (await readBuild(api, build.id)).jobs.find(({ id }) => id === jobId)
    for (const step of job?.steps.slice(printed) ?? []) say(stepLine(step))
    printed = job?.steps.length ?? printed
    if (job?.state === 'finished')
      return job.verdict === 'passed' ? say(greenLine(request, job)) : sayFailed(request, job)
    await sleep(200)
  }
}

const greenLine = ({ api }: SampleRequest, job: JobSummary): string =>
  `  ${job.host} ${job.arch} is green  ${api.url}/jobs/${job.id}`

const followOurs = (request: SampleRequest, build: Build): Promise<void> | void => {
  const ours = build.jobs.find(job => job.host === request.host)
  if (build.problem) return request.say(`  the server could not prepare the sources: ${build.problem}`)
  if (ours) return follow(request, build, ours.id)
  request.say(`  the build has no job for ${request.host}; see ${request.api.url}/builds/${build.id}`)
}

/** Builds the sample at the commit of this clone, and prints the progress until this machine's job has ended. */
export const buildSample = async (request: SampleRequest): Promise<void> => {
  const head = headCommit()
  if ('problem' in head) return request.say(`the sample is not built, because this is not a git clone: ${head.problem}`)
  try {
    const build = await trigger(request.api, head.commit)
    request.say(`build ${build.id}: sample at ${head.commit.slice(0, 12)}`)
    await followOurs(request, build)
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Unreachable)) throw error
    request.say(`the sample was not built: ${error.message}`)
  }
}
