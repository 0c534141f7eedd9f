import type { Matrix } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import { Link } from '../../components/links.tsx'

export const ProjectFilter = ({ projects, shown }: { projects: readonly string[]; shown: string | undefined }) => (
  <nav class="filter" aria-label="Project">
    <span>Project</span>
    <Link to="/" aria-current={shown === undefined ? 'true' : undefined}>
      all projects
    </Link>{' '}
    {projects.map(name => (
      <>
        <Link to={`/?project=${segment(name)}`} aria-current={name === shown ? 'true' : undefined}>
          {name}
        </Link>{' '}
      </>
    ))}
    {shown !== undefined && <Link to={`/projects/${segment(shown)}`}>project page of {shown} →</Link>}
  </nav>
)

/** Links to the built branches of a project, if the matrix shows only this project. */
export function BranchFilter({ matrix: { branches } }: { matrix: Matrix }) {
  const [only] = branches
  if (!only || branches.length > 1 || only.built.length < 2) return null
  return (
    <nav class="filter" aria-label="Branch">
      <span>Branch</span>
      {only.built.map(name => (
        <>
          <Link
            to={`/?project=${segment(only.project)}&branch=${segment(name)}`}
            aria-current={name === only.shown ? 'true' : undefined}
          >
            {name}
          </Link>{' '}
        </>
      ))}
    </nav>
  )
}
