import { type Glance, looks, type Matrix } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import { Form, Link } from '../../components/links.tsx'
import { lookLabel } from './legend.tsx'
import { type MatrixView, matrixPath } from './view.ts'

export interface FilterChoices {
  branches: Matrix['branches']
  choices: Glance['choices']
}

/** All filters, as links and as one form. The form works without JavaScript. */
export const Filters = ({ view, branches, choices }: FilterChoices & { view: MatrixView }) => (
  <Form class="filter" method="get" to="/" aria-label="Filter">
    <ProjectLinks projects={choices.projects} view={view} />
    <Fields view={view} branches={branches} choices={choices} />
    <Views view={view} />
  </Form>
)

const isCurrent = (current: boolean | undefined) => (current ? 'true' : undefined)

function ProjectLinks({ projects, view }: { projects: readonly string[]; view: MatrixView }) {
  const { project } = view
  if (projects.length < 2 && project === undefined) return null
  return (
    <nav aria-label="Project">
      <Link
        to={matrixPath(view, { project: undefined, branch: undefined })}
        aria-current={isCurrent(project === undefined)}
      >
        All projects
      </Link>{' '}
      {projects.map(name => (
        <>
          <Link to={matrixPath(view, { project: name, branch: undefined })} aria-current={isCurrent(name === project)}>
            {name}
          </Link>{' '}
        </>
      ))}
      {project !== undefined && <Link to={`/projects/${segment(project)}`}>project page of {project} →</Link>}
    </nav>
  )
}

const branchesMax = 100

function Fields({ view, branches, choices }: FilterChoices & { view: MatrixView }) {
  const built = [...new Set(branches.flatMap(({ built: names }) => names))].slice(0, branchesMax)
  const { project, detailed, trouble } = view
  return (
    <>
      {project !== undefined && <input type="hidden" name="project" value={project} />}
      {trouble && <input type="hidden" name="trouble" value="1" />}
      {detailed && <input type="hidden" name="view" value="detailed" />}
      <Choice
        name="branch"
        label="Branch"
        all="main branch"
        values={withShown(built, view.branch)}
        shown={view.branch}
      />
      <Choice name="os" label="System" values={choices.os.filter(Boolean)} shown={view.os} />
      <Choice name="arch" label="Arch" values={choices.arches} shown={view.arch} />
      {choices.variants.length > 1 && (
        <Choice name="variant" label="Variant" values={choices.variants} shown={view.variant} />
      )}
      <label>
        Status{' '}
        <select name="status">
          <option value="">all</option>
          {looks.map(look => (
            <option value={look} selected={look === view.status}>
              {lookLabel[look]}
            </option>
          ))}
        </select>
      </label>{' '}
      <label>
        Host <input type="search" name="host" value={view.host ?? ''} size={8} maxLength={80} />
      </label>{' '}
      <button type="submit">Apply</button>{' '}
    </>
  )
}

const withShown = (values: readonly string[], shown: string | undefined): readonly string[] =>
  shown === undefined || values.includes(shown) ? values : [shown, ...values]

interface ChoiceProps {
  name: string
  label: string
  all?: string
  values: readonly string[]
  shown: string | undefined
}

const Choice = ({ name, label, all = 'all', values, shown }: ChoiceProps) => (
  <>
    <label>
      {label}{' '}
      <select name={name}>
        <option value="">{all}</option>
        {values.map(value => (
          <option value={value} selected={value === shown}>
            {value}
          </option>
        ))}
      </select>
    </label>{' '}
  </>
)

const Views = ({ view }: { view: MatrixView }) => (
  <nav aria-label="View">
    <Link to={matrixPath(view, { trouble: !view.trouble })} aria-current={isCurrent(view.trouble)}>
      Only trouble
    </Link>{' '}
    <Link to={matrixPath(view, { detailed: false })} aria-current={isCurrent(!view.detailed)}>
      Dense
    </Link>{' '}
    <Link to={matrixPath(view, { detailed: true })} aria-current={isCurrent(view.detailed)}>
      Detailed
    </Link>
  </nav>
)

/** Links to the built branches of a project, if the matrix shows only this project. */
export function BranchLinks({ branches }: { branches: Matrix['branches'] }) {
  const [only] = branches
  if (!only || branches.length > 1 || only.built.length < 2) return null
  return (
    <nav class="filter" aria-label="Branch">
      <span>Branch</span>{' '}
      {only.built.map(name => (
        <>
          <Link to={matrixPath({ project: only.project, branch: name })} aria-current={isCurrent(name === only.shown)}>
            {name}
          </Link>{' '}
        </>
      ))}
    </nav>
  )
}
