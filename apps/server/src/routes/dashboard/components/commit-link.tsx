import { commitLink, compareLink, repositoryLink } from '@rumpfarm/connectors'
import { type ComponentChildren, createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { OutsideLink } from './links.tsx'
import { shortCommit } from './status.ts'

const Repositories = createContext<ReadonlyMap<string, string>>(new Map())

/** Gives the pages the repository of each project, for the links of commits. */
export const RepositoriesProvider = Repositories.Provider

export const useRepositories = (): ReadonlyMap<string, string> => useContext(Repositories)

interface Props {
  project: string
  commit: string
  /** How many digits to show; by default as many as git shows in its lists. */
  digits?: number
}

/** A commit of a project, which links to its page on the forge if the address of the repository tells the forge. */
export function CommitLink({ project, commit, digits }: Props) {
  const repository = useContext(Repositories).get(project)
  return <CommitName repository={repository ?? ''} commit={commit} {...(digits === undefined ? {} : { digits })} />
}

/** A commit of a repository, which links to its page on the forge. */
export function CommitName({ repository, commit, digits }: Omit<Props, 'project'> & { repository: string }) {
  const link = commitLink(repository, commit)
  const name = <code title={commit}>{digits === undefined ? shortCommit(commit) : commit.slice(0, digits)}</code>
  return link === undefined ? name : <OutsideLink href={link}>{name}</OutsideLink>
}

/** The address of a repository, which links to its page on the forge. */
export function RepositoryName({ repository }: { repository: string }) {
  const link = repositoryLink(repository)
  return link === undefined ? repository : <OutsideLink href={link}>{repository}</OutsideLink>
}

interface Range {
  project: string
  before: string
  after: string
  children: ComponentChildren
  /** Shown if the address of the repository does not tell the forge; by default nothing. */
  otherwise?: ComponentChildren
}

/** A link to the forge's page of the changes after `before`, up to and including `after`. */
export function CompareLink({ project, before, after, children, otherwise = null }: Range) {
  const repository = useContext(Repositories).get(project)
  const link = compareLink(repository ?? '', before, after)
  return link === undefined ? otherwise : <OutsideLink href={link}>{children}</OutsideLink>
}
