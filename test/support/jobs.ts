import { type Api, patient } from './patient-api.ts'
import { eventually } from './waiting.ts'

/** The fields of a job in the API that tests use. */
export interface JobAnswer {
  id: number
  buildId: number
  host: string
  arch: string
  variant: string
  attempt: string
  state: string
  verdict: string | null
  failedStep: string | null
  steps: { name: string; exit: number; milliseconds: number; logBytes: number }[]
  logBytes: number
  attempts: {
    attempt: string
    verdict: string | null
    reason: string | null
    detail: string | null
    logBytes: number
    artifacts: { name: string; bytes: number; sha256: string }[]
    artifactNote: string | null
  }[]
}

export interface BuildAnswer {
  id: number
  commit: string
  sources: string
  problem: string | null
  jobs: JobAnswer[]
}

/** A job of the tested farm, as the API shows it. */
export class TestJob {
  readonly id: number
  readonly #api: Api

  constructor(api: Api, id: number) {
    this.#api = api
    this.id = id
  }

  view(): Promise<JobAnswer> {
    return this.#api.get<JobAnswer>(`/api/v1/jobs/${this.id}`)
  }

  async log(): Promise<Buffer> {
    return Buffer.from(await (await this.rawLog()).arrayBuffer())
  }

  rawLog(headers: Record<string, string> = {}): Promise<Response> {
    return patient(new Request(`${this.#api.url}/api/v1/jobs/${this.id}/log`, { headers }))
  }

  /** Returns an artifact of the newest attempt. */
  async artifact(name: string): Promise<Buffer> {
    const answer = await fetch(`${this.#api.url}/api/v1/jobs/${this.id}/artifacts/${name}`)
    if (!answer.ok) throw new Error(`artifact ${name}: ${answer.status} ${await answer.text()}`)
    return Buffer.from(await answer.arrayBuffer())
  }

  cancel(): Promise<unknown> {
    return this.#api.post(`/api/v1/jobs/${this.id}/cancel`)
  }

  retry(): Promise<unknown> {
    return this.#api.post(`/api/v1/jobs/${this.id}/retry`)
  }

  running(): Promise<JobAnswer> {
    return this.becomes('running')
  }

  /** Waits for the verdict. */
  finished(): Promise<JobAnswer> {
    return this.becomes('finished')
  }

  becomes(state: string): Promise<JobAnswer> {
    return eventually(`job ${this.id} to be ${state}`, async () => {
      const job = await this.view().catch(whileAway)
      return job?.state === state ? job : undefined
    })
  }

  /** Waits until the log at the farm contains this text. */
  logged(text: string): Promise<true> {
    return eventually(`"${text}" in the log of job ${this.id}`, async () => {
      const log = await this.log().catch(whileAway)
      return log?.includes(text) || undefined
    })
  }
}

/** Ignores the error of a server that restarts, because the test only waits. */
function whileAway(error: Error): undefined {
  if (!/no farm answers|fetch failed|ECONN|terminated/.test(error.message)) throw error
}

/** A build of the tested farm. */
export class TestBuild {
  readonly id: number
  readonly commit: string
  readonly #api: Api

  constructor(api: Api, { id, commit }: Pick<BuildAnswer, 'id' | 'commit'>) {
    this.#api = api
    this.id = id
    this.commit = commit
  }

  view(): Promise<BuildAnswer> {
    return this.#api.get<BuildAnswer>(`/api/v1/builds/${this.id}`)
  }

  /** The jobs of the build in the order of planning. */
  async jobs(): Promise<TestJob[]> {
    return (await this.view()).jobs.map(({ id }) => new TestJob(this.#api, id))
  }

  /** The job of the build on this host; by default its first job. */
  async job(host?: string): Promise<TestJob> {
    const { jobs } = await this.view()
    const found = jobs.find(job => host === undefined || job.host === host)
    if (!found) throw new Error(`build ${this.id} has no job for ${host ?? 'any host'}, only ${JSON.stringify(jobs)}`)
    return new TestJob(this.#api, found.id)
  }

  /** Waits until the sources are ready or have failed. After that, a host can claim each job, or the job has ended. */
  prepared(): Promise<BuildAnswer> {
    return eventually(`the sources of build ${this.id}`, async () => {
      const build = await this.view()
      return build.sources === 'pending' ? undefined : build
    })
  }
}
