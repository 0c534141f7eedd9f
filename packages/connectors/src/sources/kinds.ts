// The kinds of repositories, by their addresses.

export type RepositoryKind = 'git' | 'hg' | 'cvs'

/** `hg+…` is a repository of Mercurial, `cvs+…` one of CVS. All others are of git. */
export const kindOf = (repository: string): RepositoryKind =>
  repository.startsWith('hg+') ? 'hg' : repository.startsWith('cvs+') ? 'cvs' : 'git'

export const isGit = (repository: string): boolean => kindOf(repository) === 'git'
