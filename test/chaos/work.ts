import type { TestBuild, TestJob } from '../support/jobs.ts'
import { eventually } from '../support/waiting.ts'
import type { Random } from './random.ts'
import { persist, type World } from './world.ts'

/** A job of the run, and what must come out of it. */
export interface Work {
  number: number
  build: TestBuild
  verdict: 'passed' | 'failed'
  log: string
  artifact: string
}

const requestMs = 120_000

/** Requests a build. Its job writes lines for some seconds, writes a file, and passes or fails. */
export async function requestWork({ farm }: World, random: Random, number: number): Promise<Work> {
  const lines = random.whole(5, 60)
  const verdict = random.next() < 0.25 ? 'failed' : 'passed'
  const artifact = `${number}\n`.repeat(random.whole(1, 20_000))
  const script = [
    `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "job ${number} line $i"; sleep 0.1; done`,
    `yes ${number} | head -n ${artifact.split('\n').length - 1} >file.txt`,
    `exit ${verdict === 'passed' ? 0 : 1}`,
  ].join('\n')
  const commit = farm.repository('sample').commit({ 'job.sh': script })
  const build = await persist(() => farm.trigger(commit), Date.now() + requestMs)
  const log = Array.from({ length: lines }, (_, line) => `job ${number} line ${line + 1}\n`).join('')
  return { number, build, verdict, log, artifact }
}

const endMs = 600_000

/** Waits until all jobs of the build have ended. Returns what is wrong with them. */
export async function checkWork({ build, verdict, log, artifact, number }: Work): Promise<string[]> {
  const jobs = await eventually(`the jobs of build ${build.id}`, () => build.jobs().catch(() => undefined), endMs)
  const wrong = await Promise.all(jobs.map(job => checkJob(job, { verdict, log, artifact })))
  return wrong.flat().map(text => `job ${number}: ${text}`)
}

async function checkJob(job: TestJob, expected: Pick<Work, 'verdict' | 'log' | 'artifact'>): Promise<string[]> {
  const found = await eventually(
    `the end of job ${job.id}`,
    async () => {
      const view = await job.view().catch(() => undefined)
      return view?.state === 'finished' ? view : undefined
    },
    endMs,
  )
  const wrong: string[] = []
  if (found.verdict !== expected.verdict)
    wrong.push(`its verdict is ${found.verdict}, not ${expected.verdict}: ${JSON.stringify(found.attempts[0])}`)
  const before = found.attempts.slice(1).filter(({ verdict }) => verdict !== 'lost')
  if (before.length > 0) wrong.push(`attempts before the newest one were not lost: ${JSON.stringify(before)}`)
  if (wrong.length > 0) return wrong
  const bytes = (await job.log()).toString()
  if (bytes !== expected.log) wrong.push(`its log has ${bytes.length} bytes, not ${expected.log.length}`)
  const file = (await job.artifact('file.txt')).toString()
  if (file !== expected.artifact) wrong.push(`its file has ${file.length} bytes, not ${expected.artifact.length}`)
  return wrong
}
