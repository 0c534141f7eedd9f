import { segment } from './escape.ts'
import { Link } from './links.tsx'

interface Props {
  project: string
  /** The built branches. The branch with the newest push is first. */
  branches: readonly string[]
  shown: string
  /** The path of the page, without the branch. */
  path: string
}

/** Links to the same page for each built branch. */
export const BranchNav = ({ branches, shown, path }: Omit<Props, 'project'>) =>
  branches.length < 2 ? null : (
    <nav class="filter" aria-label="Branch">
      <span>Branch</span>
      {branches.map(name => (
        <>
          <Link to={`${path}?branch=${segment(name)}`} aria-current={name === shown ? 'true' : undefined}>
            {name}
          </Link>{' '}
        </>
      ))}
    </nav>
  )

/** Links to the other pages of a branch: its matrix, its commits, and the last good commits. */
export const BranchPages = ({ project, branch }: { project: string; branch: string }) => {
  const path = `/projects/${segment(project)}`
  const query = `?branch=${segment(branch)}`
  return (
    <p>
      <Link to={`/?project=${segment(project)}&branch=${segment(branch)}`}>Matrix</Link> ·{' '}
      <Link to={`${path}/commits${query}`}>Commits and hosts</Link> ·{' '}
      <Link to={`${path}/last-good${query}`}>Last good commits</Link>
    </p>
  )
}
