import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, Refusal, Unreachable } from '../cli/api-client.ts'

export interface SampleRequest {
  api: Api
  host: string
  say: (line: string) => void
  /** Aborts when the shutdown begins. */
  shutdown: AbortSignal
}

interface StepAnswer {
  name: string
  exit: number
  milliseconds: number
}

interface JobAnswer {
  id: number
  host: string
  arch: string
  state: string
  verdict: string | null
  failedStep: string | null
  steps: StepAnswer[]
}

interface BuildAnswer {
  id: number
  commit: string
  sources: string
  problem: string | null
  jobs: JobAnswer[]
}

/** Returns the commit of this clone, or git's error message. */
const headCommit = (): { commit: string } | { problem: string } => {
  const { status, stdout, stderr } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  return status === 0 ? { commit: stdout.trim() } : { problem: stderr.trim() }
}

const trigger = async (api: Api, ref: string): Promise<BuildAnswer> => {
  const { id } = await api.post<{ id: number }>('/api/v1/projects/sample/builds', { ref })
  return api.get<BuildAnswer>(`/api/v1/builds/${id}`)
}

const stepLine = ({ name, exit, milliseconds }: StepAnswer): string =>
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
const detailOf = async (api: Api, id: number): Promise<string[]> => {
  const { attempts } = await api.get<{ attempts: { detail: string | null }[] }>(`/api/v1/jobs/${id}`)
  const detail = attempts[0]?.detail
  return detail ? [`    ${detail}`] : []
}

const sayFailed = async ({ api, say }: SampleRequest, job: JobAnswer): Promise<void> => {
  const log = await api.text(`/api/v1/jobs/${job.id}/log`, { range: 'bytes=-2000' }).catch(() => '')
  const where = job.failedStep ? ` at step ${job.failedStep}` : ''
  const first = `  ${job.host} ${job.arch} is ${job.verdict}${where}`
  say([first, ...lastLines(log), ...(await detailOf(api, job.id)), `    ${api.url}/jobs/${job.id}`].join('\n'))
}

/** Prints each step when it ends. */
const follow = async (request: SampleRequest, build: BuildAnswer, jobId: number): Promise<void> => {
  const { api, say, shutdown } = request
  let printed = 0
  while (!shutdown.aborted) {
    const job = (await api.get<BuildAnswer>(`/api/v1/builds/${build.id}`)).jobs.find(({ id }) => id === jobId)
    for (const step of job?.steps.slice(printed) ?? []) say(stepLine(step))
    printed = job?.steps.length ?? printed
    if (job?.state === 'finished')
      return job.verdict === 'passed' ? say(greenLine(request, job)) : sayFailed(request, job)
    await sleep(200)
  }
}

const greenLine = ({ api }: SampleRequest, job: JobAnswer): string =>
  `  ${job.host} ${job.arch} is green  ${api.url}/jobs/${job.id}`

const followOurs = (request: SampleRequest, build: BuildAnswer): Promise<void> | void => {
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
