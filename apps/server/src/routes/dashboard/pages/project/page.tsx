import type { ProjectConfig } from '@rumpfarm/contracts'
import type {
  BuildSummary,
  DeliverySummary,
  Glance,
  PolledRepositoryView,
  ScheduleView,
  StatusView,
} from '@rumpfarm/farm'
import { BranchPages } from '../../components/branch-pages.tsx'
import { BuildCellForm } from '../../components/build-cell-form.tsx'
import { BuildTable } from '../../components/build-table.tsx'
import { RepositoryName } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Facts } from '../../components/facts.tsx'
import { projectFeedPath } from '../../components/feed-paths.ts'
import { FollowLink } from '../../components/follow-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { ArtifactPatterns, Environment, Limits, RecipeSteps } from '../../components/recipe.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import type { Visit } from '../../visit.ts'
import { BranchLinks } from '../matrix/filters.tsx'
import { DenseMatrix } from '../matrix/page.tsx'
import { BadgeAndFeeds } from './badge-and-feeds.tsx'
import { Repositories } from './repositories.tsx'
import { Schedules } from './schedules.tsx'
import { Statuses } from './statuses.tsx'
import { Webhooks } from './webhooks.tsx'

export interface ProjectPage {
  visit: Visit
  project: ProjectConfig
  glance: Glance
  builds: readonly BuildSummary[]
  /** Empty if farm.yaml names no forge for the project. */
  statuses: readonly StatusView[]
  /** The webhooks of the project that wait for another try. */
  troubled: readonly DeliverySummary[]
  /** Empty if the farm does not look at the repository. */
  repositories: readonly PolledRepositoryView[]
  schedules: readonly ScheduleView[]
  /** The farm's address. */
  url: string
  /** Whether other sites may show the matrix in a frame. */
  framed: boolean
}

export const renderProjectPage = (page: ProjectPage): string => {
  const { visit, project, glance, builds, statuses, troubled, repositories, schedules, url, framed } = page
  const { name, title } = project
  return renderPage({
    title: name,
    visit,
    live: true,
    grid: true,
    matrix: { project: name },
    feeds: [{ title: `What changed in ${name}`, path: projectFeedPath(name) }],
    children: (
      <>
        <h1>{name}</h1>
        {title !== undefined && <p class="lead">{title}</p>}
        <ProjectFacts project={project} />
        <Repositories repositories={repositories} at={visit.at} />
        {project.results && (
          <p>
            <Link to={`/projects/${segment(name)}/tests`}>Tests of {name}</Link>
          </p>
        )}
        <FollowLink visit={visit} what={name} project={name} />
        {visit.admin && <TriggerForm visit={visit} name={name} />}
        {visit.admin && <BuildCell visit={visit} project={project} glance={glance} />}
        <BranchLinks branches={glance.branches} />
        {glance.branches[0] && <BranchPages project={name} branch={glance.branches[0].shown} />}
        <DenseMatrix glance={glance} view={{ project: name }} />
        <h2>Recent builds</h2>
        <RecentBuilds project={name} builds={builds} at={visit.at} />
        <Schedules schedules={schedules} />
        {project.status && <Statuses visit={visit} project={name} statuses={statuses} />}
        <Webhooks visit={visit} project={name} troubled={troubled} />
        <BadgeAndFeeds project={name} url={url} framed={framed} />
        <h2>Recipe</h2>
        <Recipe project={project} />
      </>
    ),
  })
}

const ProjectFacts = ({ project }: { project: ProjectConfig }) => (
  <Facts
    rows={[
      ['Repository', <RepositoryName repository={project.repository} />],
      ['Directory', project.path ?? ''],
      ['Branches', project.branches.join(', ')],
      ['Tags', (project.tags ?? []).join(', ')],
      ['Hosts', project.hosts.join(', ')],
      ['Architectures', project.arches.join(', ')],
      ['Variants', Object.keys(project.variants).join(', ')],
      ['Waiting builds', waitingWords(project)],
      ['Parallel jobs', project.jobsAtOnce === undefined ? '' : `at most ${project.jobsAtOnce} on all hosts`],
    ]}
  />
)

/** Which of several builds of the same cell and branch run. */
function waitingWords({ coalesce, cancelSuperseded }: ProjectConfig): string {
  const where = { true: 'only the newest build of a cell and branch runs', false: 'all builds run' }[String(coalesce)]
  const waiting =
    where ?? 'on slow hosts, only the newest build of a cell and branch runs; on other hosts, all builds run'
  return cancelSuperseded ? `${waiting}. A newer build cancels the running job` : waiting
}

const TriggerForm = ({ visit, name }: { visit: Visit; name: string }) => (
  <Form class="action" to={`/projects/${segment(name)}/trigger`}>
    <CsrfField visit={visit} />
    <label for="ref">Branch, tag or commit</label>{' '}
    <input
      id="ref"
      name="ref"
      placeholder="default branch"
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
    />{' '}
    <button type="submit">Start build</button>
  </Form>
)

const BuildCell = ({ visit, project, glance }: Pick<ProjectPage, 'visit' | 'project' | 'glance'>) => (
  <BuildCellForm
    visit={visit}
    project={project.name}
    hosts={glance.groups.flatMap(({ rows }) => rows.map(({ host }) => host.name))}
    arches={glance.columns.map(({ arch }) => arch)}
    variants={Object.keys(project.variants)}
  />
)

function RecentBuilds({ project, builds, at }: { project: string; builds: readonly BuildSummary[]; at: Date }) {
  const label = `Recent builds of ${project}`
  return (
    <>
      {builds.length === 0 ? (
        <p class="empty">No builds yet.</p>
      ) : (
        <ScrollFrame label={label}>
          <BuildTable builds={builds} at={at} caption={label} />
        </ScrollFrame>
      )}
      <p>
        <Link to={`/builds?project=${segment(project)}`}>All builds of {project}</Link> ·{' '}
        <Link to={`/bisections?project=${segment(project)}`}>Bisections</Link> ·{' '}
        <Link to={`/projects/${segment(project)}/pull-requests`}>Pull requests</Link>
      </p>
    </>
  )
}

const Recipe = ({ project }: { project: ProjectConfig }) => (
  <>
    <RecipeSteps steps={project.steps} />
    <ArtifactPatterns patterns={project.artifacts ?? []} />
    <dl class="notes">
      <EnvironmentNote name="Environment" env={project.env} />
      {Object.entries(project.variants).map(([variant, { env }]) => (
        <EnvironmentNote name={`Variant ${variant}`} env={env} />
      ))}
      {project.sources.map(source => (
        <>
          <dt>Additional source {source.name}</dt>
          <dd>
            <RepositoryName repository={source.repository} /> at {revisionOf(source)}
          </dd>
        </>
      ))}
      <dt>Limits</dt>
      <dd>
        <Limits limits={project.limits} />
      </dd>
    </dl>
  </>
)

const EnvironmentNote = ({ name, env }: { name: string; env: Record<string, string> }) =>
  Object.keys(env).length === 0 ? null : (
    <>
      <dt>{name}</dt>
      <dd>
        <Environment env={env} />
      </dd>
    </>
  )

const revisionOf = ({ commit, branch, commitFrom }: ProjectConfig['sources'][number]): string =>
  commit ?? branch ?? (commitFrom ? `the commit in ${commitFrom}` : 'its newest commit')
