import { Ago } from './ago.tsx'
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
      <span>Branch</span>{' '}
      {branches.map(name => (
        <>
          <Link to={`${path}?branch=${segment(name)}`} aria-current={name === shown ? 'true' : undefined}>
            {name}
          </Link>{' '}
        </>
      ))}
    </nav>
  )

interface PagesProps {
  project: string
  branch: string
  /** The page that shows these links, if it is one of them. */
  current?: 'matrix' | 'commits' | 'last-good'
}

/** Says that the branch was deleted in its repository. */
export const DeletedBranch = ({ branch, deletedAt, at }: { branch: string; deletedAt: Date | null; at: Date }) =>
  deletedAt === null ? null : (
    <p>
      Branch {branch} was deleted in its repository <Ago from={deletedAt} at={at} />. Its cells left the matrix; its
      results stay here.
    </p>
  )

/** Links to the pages of a branch: its matrix, its commits, and the last good commits. */
export const BranchPages = ({ project, branch, current }: PagesProps) => {
  const path = `/projects/${segment(project)}`
  const query = `?branch=${segment(branch)}`
  const is = (page: PagesProps['current']) => (page === current ? 'page' : undefined)
  return (
    <nav class="filter" aria-label="Pages of the branch">
      <span>Pages</span>{' '}
      <Link to={`/?project=${segment(project)}&branch=${segment(branch)}`} aria-current={is('matrix')}>
        Matrix
      </Link>{' '}
      <Link to={`${path}/commits${query}`} aria-current={is('commits')}>
        Commits and hosts
      </Link>{' '}
      <Link to={`${path}/last-good${query}`} aria-current={is('last-good')}>
        Last good commits
      </Link>
    </nav>
  )
}
