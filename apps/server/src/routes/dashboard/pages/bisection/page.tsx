import type { BisectionView } from '@rumpfarm/farm'
import { Ago, ClockTime } from '../../components/ago.tsx'
import { BisectionState } from '../../components/bisection.tsx'
import { CompareLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Facts } from '../../components/facts.tsx'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import { duration, limitTime } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'
import { CommitTable } from './commits.tsx'
import { ProbeTable } from './probes.tsx'

export interface BisectionPage {
  visit: Visit
  bisection: BisectionView
}

export function renderBisectionPage({ visit, bisection }: BisectionPage): string {
  const { id, project, state, outcome, commits, probes } = bisection
  return renderPage({
    title: `Bisection ${id} of ${project}`,
    visit,
    live: true,
    reloadSeconds: state === 'finished' ? undefined : 15,
    children: (
      <>
        <h1>
          Bisection {id} of <Link to={`/projects/${segment(project)}`}>{project}</Link>
        </h1>
        <p class="lead">
          <BisectionState bisection={bisection} />
        </p>
        <p>
          <Link to={`/bisections?project=${segment(project)}`}>All bisections of {project}</Link>
        </p>
        <MergeLinks visit={visit} bisection={bisection} />
        {bisection.problem !== null && state === 'preparing' && <Problem text={bisection.problem} />}
        <BisectionFacts bisection={bisection} at={visit.at} />
        {visit.admin && state !== 'finished' && <Action visit={visit} id={id} verb="cancel" text="Cancel bisection" />}
        {visit.admin && (outcome === 'budget' || outcome === 'cancelled') && (
          <Action visit={visit} id={id} verb="continue" text="Continue bisection" />
        )}
        <h2>Commits</h2>
        <Range bisection={bisection} />
        {commits.length === 0 ? (
          <p class="empty">The farm has not read the commits yet.</p>
        ) : (
          <ScrollFrame label="Commits of the range">
            <CommitTable bisection={bisection} />
          </ScrollFrame>
        )}
        <h2>Runs</h2>
        {probes.length === 0 ? (
          <p class="empty">No run yet. A run starts when no other job waits for the host.</p>
        ) : (
          <ScrollFrame label="Runs of the bisection">
            <ProbeTable bisection={bisection} at={visit.at} />
          </ScrollFrame>
        )}
      </>
    ),
  })
}

/** The bisection whose answer is the merge, and the second bisection inside the merge, or the button for it. */
function MergeLinks({ visit, bisection: { id, mergeOf, insideMerge, answerIsMerge } }: BisectionPage) {
  return (
    <>
      {mergeOf !== null && (
        <p>
          This bisection searches inside the merge that <Link to={`/bisections/${mergeOf}`}>bisection {mergeOf}</Link>{' '}
          found.
        </p>
      )}
      {insideMerge !== null && (
        <p>
          <Link to={`/bisections/${insideMerge}`}>Bisection {insideMerge}</Link> looks inside the merge.
        </p>
      )}
      {visit.admin && answerIsMerge && insideMerge === null && (
        <Action visit={visit} id={id} verb="inside-merge" text="Look inside the merge" />
      )}
    </>
  )
}

const Problem = ({ text }: { text: string }) => (
  <section class="banner" aria-label="Errors in the commits">
    <strong>The server cannot read the commits. It tries again.</strong>
    <pre>{text}</pre>
  </section>
)

function BisectionFacts({ bisection, at }: { bisection: BisectionView; at: Date }) {
  const {
    host,
    arch,
    variant,
    branch,
    failedStep,
    badJobId,
    price,
    runs,
    runsMax,
    spentMs,
    budgetSeconds,
    failureRate,
  } = bisection
  const used = `${duration(spentMs)} of ${limitTime(budgetSeconds)}`
  return (
    <Facts
      rows={[
        [
          'Cell',
          <>
            <HostLink name={host} /> {arch} {variant === 'default' ? '' : variant}
          </>,
        ],
        ['Branch', branch],
        [
          'Failure',
          <Link to={`/jobs/${badJobId}`}>
            job {badJobId}
            {failedStep === null ? '' : ` at ${failedStep}`}
          </Link>,
        ],
        [
          'Further cells',
          bisection.cells
            .slice(1)
            .map(cell => `${cell.host} ${cell.arch} ${cell.variant}`)
            .join(', '),
        ],
        ['Failure rate', failureRate === null ? '' : `about ${Math.round(failureRate * 100)} % of the runs`],
        ['Price', price ?? ''],
        ['Used', runsMax > 0 ? `${used}, ${runs} of at most ${counted(runsMax, 'run')}` : used],
        ['Next run', bisection.nextAt && bisection.nextAt > at ? <NotBefore time={bisection.nextAt} at={at} /> : ''],
        ['Started by', bisection.startedBy],
        ['Started', <Ago from={bisection.createdAt} at={at} />],
      ]}
    />
  )
}

const NotBefore = ({ time, at }: { time: Date; at: Date }) => (
  <>
    after <ClockTime time={time} at={at} />
  </>
)

const Action = ({ visit, id, verb, text }: { visit: Visit; id: number; verb: string; text: string }) => (
  <Form class="action" to={`/bisections/${id}/${verb}`}>
    <CsrfField visit={visit} />
    <button type="submit" class={verb === 'cancel' ? 'danger' : undefined}>
      {text}
    </button>
  </Form>
)

/** The forge's page of all changes of the range. */
function Range({ bisection: { project, goodCommit, commits } }: { bisection: BisectionView }) {
  const bad = commits.at(-1)?.commit
  return bad === undefined ? null : (
    <p>
      <CompareLink project={project} before={goodCommit} after={bad}>
        Compare the last good commit with the failing commit
      </CompareLink>
    </p>
  )
}
