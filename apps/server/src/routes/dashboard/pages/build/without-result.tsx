import type { Verdict } from '@rumpfarm/contracts'
import type { JobSummary } from '@rumpfarm/farm'
import { Link } from '../../components/links.tsx'
import { counted } from '../../components/status.ts'

/** The list shows at most this many reasons. */
const reasonsMax = 10

interface Reason {
  verdict: Verdict
  detail: string
  supersededBy: number | null
  jobs: JobSummary[]
}

/** Why jobs of the build ended without a result: one line for each reason, the most frequent reason first. */
export function WithoutResult({ jobs }: { jobs: readonly JobSummary[] }) {
  const reasons = reasonsOf(jobs)
  if (reasons.length === 0) return null
  return (
    <section aria-label="Jobs without a result">
      <h2>Jobs without a result</h2>
      <ul class="notices">
        {reasons.slice(0, reasonsMax).map(reason => (
          <li>
            <Jobs jobs={reason.jobs} /> {words[reason.verdict] ?? reason.verdict}: {reason.detail}.{' '}
            {reason.supersededBy !== null && (
              <Link to={`/builds/${reason.supersededBy}`}>Open the newer build {reason.supersededBy}</Link>
            )}
          </li>
        ))}
        {reasons.length > reasonsMax && (
          <li>The pages of the other jobs have {reasons.length - reasonsMax} more reasons.</li>
        )}
      </ul>
    </section>
  )
}

const words: Partial<Record<Verdict, string>> = {
  cancelled: 'cancelled',
  lost: 'lost',
  broken: 'ended without a result',
}

const Jobs = ({ jobs }: { jobs: readonly JobSummary[] }) => {
  const [first] = jobs
  return jobs.length === 1 && first ? (
    <Link to={`/jobs/${first.id}`}>
      {first.host} {first.arch}
    </Link>
  ) : (
    <strong>{counted(jobs.length, 'job')}</strong>
  )
}

function reasonsOf(jobs: readonly JobSummary[]): Reason[] {
  const reasons = new Map<string, Reason>()
  for (const job of jobs) {
    const { verdict, detail, supersededBy } = job
    if (verdict === null || detail === null) continue
    const key = [verdict, supersededBy, detail].join('\n')
    const known = reasons.get(key)
    if (known) known.jobs.push(job)
    else reasons.set(key, { verdict, detail, supersededBy, jobs: [job] })
  }
  return [...reasons.values()].sort((one, other) => other.jobs.length - one.jobs.length)
}
