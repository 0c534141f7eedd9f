import { hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'
import type { BuildSummary, Matrix } from '@rumpfarm/farm'
import { segment } from '../components/html.ts'
import { Csrf, drawPage, Frame, type Visit } from '../components/layout.tsx'
import { A, Form } from '../components/links.tsx'
import { BuildTable, Facts } from '../components/tables.tsx'
import { byteCount, duration } from '../components/times.ts'
import { Branches, MatrixTable } from './matrix/page.tsx'

export interface ProjectPage {
  visit: Visit
  project: ProjectConfig
  matrix: Matrix
  builds: readonly BuildSummary[]
}

export function drawProjectPage({ visit, project, matrix, builds }: ProjectPage): string {
  const { name, title } = project
  return drawPage({
    title: name,
    visit,
    live: true,
    matrix: { project: name },
    children: (
      <>
        <h1>{name}</h1>
        {title !== undefined && <p class="lead">{title}</p>}
        <ProjectFacts project={project} />
        {visit.admin && <TriggerForm visit={visit} name={name} />}
        <Branches matrix={matrix} />
        <MatrixTable matrix={matrix} />
        <h2>Recent builds</h2>
        {builds.length === 0 ? (
          <p class="empty">None yet.</p>
        ) : (
          <Frame label={`Recent builds of ${name}`}>
            <BuildTable builds={builds} at={visit.at} caption={`Recent builds of ${name}`} />
          </Frame>
        )}
        <p>
          <A to={`/builds?project=${segment(name)}`}>All builds of {name}</A>
        </p>
        <h2>Recipe</h2>
        <ProjectRecipe project={project} />
      </>
    ),
  })
}

function ProjectFacts({ project }: { project: ProjectConfig }) {
  const rows: [string, string][] = [
    ['Repository', hideSecrets(project.repository)],
    ['Directory', project.path ?? ''],
    ['Branches', project.branches.join(', ')],
    ['Hosts', project.hosts.join(', ')],
    ['Architectures', project.arches.join(', ')],
    ['Variants', Object.keys(project.variants).join(', ')],
  ]
  return <Facts rows={rows} />
}

const TriggerForm = ({ visit, name }: { visit: Visit; name: string }) => (
  <Form class="action" to={`/projects/${segment(name)}/trigger`}>
    <Csrf visit={visit} />
    <label for="ref">Branch, tag or commit</label>{' '}
    <input
      id="ref"
      name="ref"
      placeholder="the default branch"
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
    />{' '}
    <button type="submit">Build it</button>
  </Form>
)

function ProjectRecipe({
  project: { steps, env, limits, sources, variants, artifacts = [] },
}: {
  project: ProjectConfig
}) {
  return (
    <>
      <Steps steps={steps} />
      <Patterns patterns={artifacts} />
      <dl class="notes">
        {Object.keys(env).length > 0 && (
          <>
            <dt>Environment</dt>
            <dd>
              <Environment env={env} />
            </dd>
          </>
        )}
        {Object.entries(variants).map(([variant, { env: own }]) =>
          Object.keys(own).length === 0 ? null : (
            <>
              <dt>Variant {variant}</dt>
              <dd>
                <Environment env={own} />
              </dd>
            </>
          ),
        )}
        {sources.map(source => (
          <>
            <dt>Further source {source.name}</dt>
            <dd>
              {hideSecrets(source.repository)} at{' '}
              {source.commit ??
                source.branch ??
                (source.commitFrom ? `the commit in ${source.commitFrom}` : 'its newest commit')}
            </dd>
          </>
        ))}
        <dt>Limits</dt>
        <dd>
          <Limits limits={limits} />
        </dd>
      </dl>
    </>
  )
}

export const Steps = ({ steps }: { steps: ProjectConfig['steps'] }) => (
  <ol class="steps">
    {steps.map(({ name, run }) => (
      <li>
        <strong>{name}</strong>
        <pre>{run}</pre>
      </li>
    ))}
  </ol>
)

/** Which files are kept. */
export const Patterns = ({ patterns }: { patterns: readonly string[] }) =>
  patterns.length === 0 ? null : (
    <p>
      Kept:{' '}
      {patterns.map((pattern, index) => (
        <>
          {index > 0 && ', '}
          <code>{pattern}</code>
        </>
      ))}
    </p>
  )

export const Environment = ({ env }: { env: Record<string, string> }) => (
  <pre>
    {Object.entries(env)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n')}
  </pre>
)

export const Limits = ({ limits }: { limits: ProjectConfig['limits'] }) => (
  <>
    {duration(limits.wallSeconds * 1000)} in all, {duration(limits.silenceSeconds * 1000)} without a word,{' '}
    {byteCount(limits.logBytes)} of log, {limits.attempts} attempts when a host is lost
  </>
)
