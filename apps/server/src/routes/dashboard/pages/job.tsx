import { attemptName } from '@rumpfarm/contracts'
import type { AttemptView, HostView, JobView } from '@rumpfarm/farm'
import { capital, lastGoodWords, sentence, waitWords } from '../components/attempt-words.ts'
import { segment } from '../components/html.ts'
import { Ago, Csrf, drawPage, Frame, fullTitle, Mark, type Visit } from '../components/layout.tsx'
import { A, Form } from '../components/links.tsx'
import { byteCount, duration } from '../components/times.ts'
import { isActive, type Status, shortCommit, statusOf, stepStatus, wordOf } from '../components/verdict-words.ts'
import { type JobLog, LogView } from '../log/job-log.tsx'
import { SourceTable } from './builds.tsx'
import { Environment, Limits, Patterns, Steps } from './project.tsx'
import { byHand } from './reproduce-script.ts'

export interface JobPage {
  visit: Visit
  job: JobView
  attempt: AttemptView
  host: HostView | undefined
  log: JobLog
}

export function drawJobPage(page: JobPage): string {
  const { visit, job, attempt, log } = page
  return drawPage({
    title: titleOf(job, attempt),
    visit,
    reloadSeconds: isActive(statusOf(attempt)) ? 5 : undefined,
    children: (
      <>
        <p class="crumbs">
          <A to={`/projects/${segment(job.project)}`}>{job.project}</A> ·{' '}
          <A to={`/builds/${job.buildId}`}>build {job.buildId}</A> ·{' '}
          <code title={job.commit}>{shortCommit(job.commit)}</code> {job.branch}{' '}
          {job.subject !== null && <span>“{job.subject}”</span>}
        </p>
        <div id="state">
          <JobState {...page} />
        </div>
        <div id="actions">{visit.admin && <JobActions visit={visit} job={job} attempt={attempt} />}</div>
        <Attempts job={job} shown={attempt} />
        <LogView log={log} />
        <RecipeView job={job} />
      </>
    ),
  })
}

const titleOf = (job: JobView, attempt: AttemptView): string =>
  `${job.project} on ${job.host} for ${job.arch}: ${wordOf[statusOf(attempt)]}`

/** What changes while a job runs; the live page gets it again, and takes its title from here, too. */
export function JobState({ visit, job, attempt, host }: Omit<JobPage, 'log'>) {
  const status = statusOf(attempt)
  const good = lastGoodWords(job)
  const wait = waitWords(attempt, host, visit.at, job.arch)
  return (
    <>
      <h1 class={`verdict ${status}`} data-title={fullTitle(titleOf(job, attempt))}>
        {sentence(job, attempt, visit.at)}
      </h1>
      <p>
        {attempt.detail !== null && <span class="detail">{capital(attempt.detail)}. </span>}
        {wait !== undefined && <span class="detail">{wait} </span>}
        {attempt.cancelRequestedAt !== null && attempt.state !== 'finished' && (
          <span class="detail">Its host has been told to end it. </span>
        )}
        {good && (
          <>
            {good.text} <code>{good.commit}</code> (<A to={`/builds/${good.buildId}`}>build {good.buildId}</A>
            {job.lastGood && (
              <>
                , <Ago from={job.lastGood.at} at={visit.at} /> ago
              </>
            )}
            ).
          </>
        )}
        {attempt.compiler !== null && <span class="detail">Compiler: {attempt.compiler}. </span>}
        {!job.lastGood && attempt.state === 'finished' && attempt.verdict !== 'passed' && 'It has never passed here.'}
      </p>
      <StepTable job={job} attempt={attempt} at={visit.at} />
      <Artifacts job={job} attempt={attempt} />
    </>
  )
}

interface StepRow {
  name: string
  status: Status | undefined
  exit: number | undefined
  milliseconds: number | undefined
}

function stepRows({ recipe }: JobView, attempt: AttemptView, at: Date): StepRow[] {
  const ended = attempt.steps
  const failed = ended.some(({ exit }) => exit !== 0)
  return recipe.steps.map(({ name }, index) => {
    const end = ended[index]
    if (end) {
      const status = stepStatus(end.exit, index === ended.length - 1, attempt.verdict)
      return { name, exit: end.exit, milliseconds: end.milliseconds, status }
    }
    const current = index === ended.length && !failed && attempt.startedAt !== null
    const spent = ended.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
    const until = attempt.finishedAt ?? at
    // The host's own measure of its steps may run ahead of the farm's clock.
    const left = until.getTime() - (attempt.startedAt?.getTime() ?? 0) - spent
    const milliseconds = current ? Math.max(0, left) : undefined
    return { name, exit: undefined, milliseconds, status: current ? statusOf(attempt) : undefined }
  })
}

function StepTable({ job, attempt, at }: { job: JobView; attempt: AttemptView; at: Date }) {
  const rows = stepRows(job, attempt, at)
  const longest = Math.max(1, ...rows.map(({ milliseconds }) => milliseconds ?? 0))
  return (
    <Frame label="Steps">
      <table class="list stepped">
        <caption class="vh">Steps</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Result</th>
            <th scope="col">Exit</th>
            <th scope="col">Took</th>
            <th scope="col" class="wide">
              <span class="vh">Share of the time</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr>
              <th scope="row">
                {row.status === undefined ? (
                  row.name
                ) : (
                  <A
                    to={`/jobs/${job.id}/attempts/${attempt.number}?step=${segment(row.name)}#step-${segment(row.name)}`}
                  >
                    {row.name}
                  </A>
                )}
              </th>
              <td>{row.status ? <Mark status={row.status} /> : <small>not reached</small>}</td>
              <td>{row.exit ?? ''}</td>
              <td>{row.milliseconds === undefined ? '' : duration(row.milliseconds)}</td>
              <td class="wide">
                <Bar share={(row.milliseconds ?? 0) / longest} status={row.status} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Frame>
  )
}

/** The files that it left, and what became of those that were not kept. */
function Artifacts({ job, attempt }: { job: JobView; attempt: AttemptView }) {
  const { artifacts, artifactNote } = attempt
  const path = `/api/v1/jobs/${job.id}/attempts/${attempt.number}/artifacts`
  return (
    <>
      {(artifacts.length > 0 || artifactNote !== null) && <h2>Files it left</h2>}
      {artifacts.length > 0 && (
        <Frame label="Files it left">
          <table class="list">
            <caption class="vh">Files it left</caption>
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col">Size</th>
                <th scope="col" class="wide">
                  SHA-256
                </th>
              </tr>
            </thead>
            <tbody>
              {artifacts.map(({ name, bytes, sha256 }) => (
                <tr>
                  <th scope="row">
                    <A to={`${path}/${name.split('/').map(segment).join('/')}`} download>
                      {name}
                    </A>
                  </th>
                  <td>{byteCount(bytes)}</td>
                  <td class="wide">
                    <code>{sha256}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Frame>
      )}
      {artifactNote !== null && (
        <>
          <p>Not kept:</p>
          <ul class="notes">
            {artifactNote.split('\n').map(line => (
              <li>{line}</li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

// A width attribute: the content security policy has no room for style attributes.
const Bar = ({ share, status }: { share: number; status: Status | undefined }) => (
  <svg class={`bar ${status ?? ''}`} aria-hidden="true">
    <rect width={`${Math.round(share * 1000) / 10}%`} height="100%" />
  </svg>
)

function JobActions({ visit, job, attempt }: { visit: Visit; job: JobView; attempt: AttemptView }) {
  const newest = job.attempts[0]?.number === attempt.number
  if (!newest) return null
  const verb = attempt.state === 'finished' ? 'retry' : 'cancel'
  return (
    <Form class="action" to={`/jobs/${job.id}/${verb}`}>
      <Csrf visit={visit} />
      <button type="submit" class={verb === 'cancel' ? 'danger' : undefined}>
        {verb === 'retry' ? 'Run it again' : 'Cancel this job'}
      </button>
    </Form>
  )
}

function Attempts({ job, shown }: { job: JobView; shown: AttemptView }) {
  if (job.attempts.length < 2) return null
  return (
    <p>
      Attempts:{' '}
      {job.attempts.map(({ number, ...attempt }) => (
        <>
          <A
            class={`mark ${statusOf(attempt)}`}
            to={`/jobs/${job.id}/attempts/${number}`}
            aria-current={number === shown.number ? 'page' : undefined}
            title={attemptName({ jobId: job.id, number })}
          >
            #{number} {wordOf[statusOf(attempt)]}
          </A>{' '}
        </>
      ))}
    </p>
  )
}

function RecipeView({ job }: { job: JobView }) {
  return (
    <>
      <details>
        <summary>The recipe it runs with</summary>
        <SourceTable sources={job.preparedSources} />
        {Object.keys(job.recipe.env).length > 0 && <Environment env={job.recipe.env} />}
        <p>
          <Limits limits={job.recipe.limits} />
        </p>
        <Steps steps={job.recipe.steps} />
        <Patterns patterns={job.recipe.artifacts ?? []} />
      </details>
      {job.preparedSources.length > 0 && (
        <details>
          <summary>The same by hand</summary>
          <p>
            Save it and run it with <code>sh</code> in an empty directory. What {job.host}'s own configuration sets for{' '}
            {job.arch} (its compiler, for instance) is known there only: add it.
          </p>
          <pre class="command">{byHand(job)}</pre>
        </details>
      )}
    </>
  )
}
