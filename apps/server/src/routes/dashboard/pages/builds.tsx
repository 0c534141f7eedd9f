import { hideSecrets } from '@rumpfarm/contracts'
import type { BuildSummary, BuildView } from '@rumpfarm/farm'
import { segment } from '../components/html.ts'
import { Ago, Csrf, drawPage, Frame, type Visit } from '../components/layout.tsx'
import { A, Form } from '../components/links.tsx'
import { BuildTable, Counts, JobTable } from '../components/tables.tsx'
import { byteCount, moment } from '../components/times.ts'
import { isActive, type Status } from '../components/verdict-words.ts'

export interface BuildsPage {
  visit: Visit
  builds: readonly BuildSummary[]
  project?: string | undefined
  /** The cursor of the next page; undefined on the last. */
  before?: number | undefined
}

export function drawBuildsPage({ visit, builds, project, before }: BuildsPage): string {
  const of = project === undefined ? '' : ` of ${project}`
  const query = project === undefined ? '' : `project=${segment(project)}&`
  return drawPage({
    title: `Builds${of}`,
    visit,
    live: true,
    children: (
      <>
        <h1>Builds{of}</h1>
        {project !== undefined && (
          <p>
            <A to="/builds">All builds</A> · <A to={`/projects/${segment(project)}`}>About {project}</A>
          </p>
        )}
        {builds.length === 0 ? (
          <p class="empty">
            Nothing has been built{of} yet. A push starts a build, or <code>./farm trigger {project ?? 'PROJECT'}</code>
            .
          </p>
        ) : (
          <Frame label={`Builds${of}`}>
            <BuildTable builds={builds} at={visit.at} caption={`Builds${of}, newest first`} />
          </Frame>
        )}
        {before !== undefined && (
          <p>
            <A rel="next" to={`/builds?${query}before=${before}`}>
              Older builds →
            </A>
          </p>
        )}
      </>
    ),
  })
}

/** `asked`: somebody has just asked for this build, and it was there. */
export function drawBuildPage(visit: Visit, build: BuildView, asked = false): string {
  const active = (Object.keys(build.counts) as Status[]).some(isActive)
  return drawPage({
    title: `Build ${build.id} of ${build.project}`,
    visit,
    live: true,
    reloadSeconds: active ? 15 : undefined,
    children: (
      <>
        <h1>
          Build {build.id} of <A to={`/projects/${segment(build.project)}`}>{build.project}</A>
        </h1>
        <p class="lead">{build.subject ?? 'Its commit message is not known yet.'}</p>
        {asked && (
          <p class="banner" role="status">
            This commit was built before with the same recipe, so there is no new build.
          </p>
        )}
        <Facts build={build} at={visit.at} />
        <p class="totals">
          <Counts counts={build.counts} />
        </p>
        {visit.admin && active && <CancelBuild visit={visit} id={build.id} />}
        {visit.admin && <BuildAgain visit={visit} id={build.id} />}
        <Sources build={build} />
        <h2>Jobs</h2>
        {build.jobs.length === 0 ? (
          <p class="empty">No host builds this project: see its hosts and architectures in farm.yaml.</p>
        ) : (
          <Frame label={`Jobs of build ${build.id}`}>
            <JobTable jobs={build.jobs} at={visit.at} caption={`Jobs of build ${build.id}`} leaveOut="build" />
          </Frame>
        )}
      </>
    ),
  })
}

function Facts({ build, at }: { build: BuildView; at: Date }) {
  return (
    <dl class="facts">
      <div>
        <dt>Commit</dt>
        <dd>
          <code>{build.commit}</code>
        </dd>
      </div>
      {build.branch !== null && (
        <div>
          <dt>Branch</dt>
          <dd>{build.branch}</dd>
        </div>
      )}
      {build.author !== null && (
        <div>
          <dt>Author</dt>
          <dd>{build.author}</dd>
        </div>
      )}
      <div>
        <dt>Begun</dt>
        <dd>
          <Ago from={build.createdAt} at={at} /> ago
        </dd>
      </div>
      <div>
        <dt>Asked for by</dt>
        <dd>{build.pushes.map(push => `${push.source} (${moment(push.receivedAt)})`).join(', ') || 'nobody'}</dd>
      </div>
    </dl>
  )
}

const CancelBuild = ({ visit, id }: { visit: Visit; id: number }) => (
  <Form class="action" to={`/builds/${id}/cancel`}>
    <Csrf visit={visit} />
    <button type="submit" class="danger">
      Cancel what is left of this build
    </button>
  </Form>
)

const BuildAgain = ({ visit, id }: { visit: Visit; id: number }) => (
  <Form class="action" to={`/builds/${id}/again`}>
    <Csrf visit={visit} />
    <button type="submit">Build this commit again with the current recipe</button>
  </Form>
)

function Sources({ build }: { build: BuildView }) {
  if (build.sources === 'pending') return <p class="empty">The farm is fetching its sources.</p>
  if (build.sources === 'failed')
    return (
      <section class="banner" aria-label="Trouble with its sources">
        <strong>Its sources cannot be had, so no job could run.</strong>
        <pre>{build.problem ?? 'git gave no message'}</pre>
        Mend that, then trigger the same commit again: its jobs get a new attempt.
      </section>
    )
  return (
    <details>
      <summary>Sources</summary>
      <SourceTable sources={build.preparedSources} />
    </details>
  )
}

export const SourceTable = ({ sources }: { sources: BuildView['preparedSources'] }) => (
  <Frame label="Sources">
    <table class="list">
      <caption class="vh">The tarballs a job unpacks</caption>
      <thead>
        <tr>
          <th scope="col">Directory</th>
          <th scope="col">Repository</th>
          <th scope="col">Commit</th>
          <th scope="col">Size</th>
          <th scope="col">SHA-256 of the tar.gz</th>
        </tr>
      </thead>
      <tbody>
        {sources.map(({ name, repository, path, commit, bytes, sha256 }) => (
          <tr>
            <th scope="row">{name}</th>
            <td>
              {hideSecrets(repository)}
              {path === null ? '' : ` (${path})`}
            </td>
            <td>
              <code>{commit}</code>
            </td>
            <td>{byteCount(bytes)}</td>
            <td>
              <code>{sha256}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Frame>
)
