import type { api, ProjectKeep } from '@rumpfarm/contracts'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { byteCount, moment } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'

export interface RetentionPage {
  visit: Visit
  projects: readonly { name: string; keep: ProjectKeep | undefined }[]
  /** Of the chosen project. */
  preview: api.ExpiryPreview | undefined
}

export function renderRetentionPage({ visit, projects, preview }: RetentionPage): string {
  return renderPage({
    title: 'Retention',
    visit,
    children: (
      <>
        <h1>Retention</h1>
        <p class="lead">
          How long the farm keeps logs, artifacts and builds: <code>keep</code> in farm.yaml.
        </p>
        {preview && <Preview preview={preview} />}
        {projects.length === 0 ? <p class="empty">The farm has no project.</p> : <Projects projects={projects} />}
      </>
    ),
  })
}

const Preview = ({ preview: { project, keep, waitsUntil, ...found } }: { preview: api.ExpiryPreview }) => (
  <section>
    <h2>{project}: what expires now</h2>
    {keep === null ? (
      <p>The farm keeps everything of this project.</p>
    ) : (
      <>
        <ul class="notes">
          <li>
            Logs: {number(found.logs)}, {byteCount(found.logBytes)}
          </li>
          <li>
            Artifacts: {number(found.artifacts)} files, {byteCount(found.artifactBytes)}
          </li>
          <li>
            Builds: {number(found.builds)} with {number(found.jobs)} jobs
          </li>
        </ul>
        {found.next !== null && (
          <p>
            These are the {number(found.looked)} oldest builds, up to build {found.next}. For all builds, run{' '}
            <code>./farm retention {project}</code>.
          </p>
        )}
        {waitsUntil && (
          <p>
            <code>keep</code> changed lately. Nothing expires before{' '}
            <time datetime={waitsUntil.toISOString()}>{moment(waitsUntil)}</time>.
          </p>
        )}
      </>
    )}
  </section>
)

const Projects = ({ projects }: Pick<RetentionPage, 'projects'>) => (
  <ScrollFrame label="Projects">
    <table class="list">
      <caption class="hidden-text">Projects</caption>
      <thead>
        <tr>
          <th scope="col">Project</th>
          <th scope="col">Logs</th>
          <th scope="col">Artifacts</th>
          <th scope="col">Builds</th>
          <th scope="col">Newest results of each cell</th>
          <th scope="col">Preview</th>
        </tr>
      </thead>
      <tbody>
        {projects.map(({ name, keep }) => (
          <tr>
            <th scope="row">
              <Link to={`/projects/${segment(name)}`}>{name}</Link>
            </th>
            <td>{both(keep?.logsDays, keep?.failedLogsDays)}</td>
            <td>{both(keep?.artifactsDays, keep?.failedArtifactsDays)}</td>
            <td>{daysText(keep?.buildsDays)}</td>
            <td>{keep ? `the last ${keep.lastPerCell} stay` : 'all stay'}</td>
            <td>
              <Link to={`/retention?project=${segment(name)}`}>What expires now</Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

const both = (days: number | undefined, failedDays: number | undefined): string =>
  days === failedDays ? daysText(days) : `${daysText(days)}; of failed jobs ${daysText(failedDays)}`

const daysText = (days: number | undefined): string =>
  days === undefined ? 'all' : `${days} ${days === 1 ? 'day' : 'days'}`

const number = (value: number): string => value.toLocaleString('en-US')
