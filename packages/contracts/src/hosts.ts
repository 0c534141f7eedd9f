/** A rule in host.conf: it allows or forbids jobs on this host. */
export interface OwnerRule {
  /**
   * allow-forks: this host also runs code from people who cannot push to the repository. Without this rule it does not.
   * Its project is `*`, and it has no branches.
   */
  verb: 'allow' | 'deny' | 'allow-forks'
  /** A pattern of project names with * and ?. */
  project: string
  /** Patterns of branch names. An empty list means all branches. */
  branches: string[]
}

/** native: the host builds for its own architecture. cross: the host builds for another architecture. */
export type ArchKind = 'native' | 'cross'

/** The facts that a host's agent reports: uname fields, `ncpu`, `mem_mb`, `disk_mb`, `tool_*`, `libc` … */
export type HostFacts = Record<string, string>
