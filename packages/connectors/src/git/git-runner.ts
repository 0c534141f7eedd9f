import type { GitCall, GitText, RunningGit } from './run.ts'

export interface GitLimits {
  /** The time limit to list the branches of a repository. */
  listSeconds: number
  /** The time limit of one fetch. The 40 MB of src-netbsd can take minutes from another continent. */
  fetchSeconds: number
  /** The time limit to make a tarball or to read the mirror. */
  archiveSeconds: number
}

export const defaultGitLimits: GitLimits = { listSeconds: 60, fetchSeconds: 1800, archiveSeconds: 600 }

/** `also` has variables in addition to the farm's environment for git. */
export type GitStart = Pick<GitCall, 'program' | 'args' | 'seconds' | 'input'> & {
  cwd?: string
  also?: Record<string, string>
}

/** Runs git with the farm's environment and limits. */
export interface GitRunner {
  limits: GitLimits
  /** The names of the variables of the farm's environment for git. */
  variables: readonly string[]
  text: (start: GitStart) => Promise<GitText>
  stream: (start: GitStart) => Promise<RunningGit>
}
