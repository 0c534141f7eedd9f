/** A rule in a host's host.conf: what its owner allows or forbids the farm to run there. */
export interface OwnerRule {
  verb: 'allow' | 'deny'
  /** A pattern of project names with * and ?. */
  project: string
  /** Patterns of branch names. Empty: all branches. */
  branches: string[]
}

/** native: the host builds for its own architecture. cross: it builds for another one. */
export type ArchKind = 'native' | 'cross'

/** The facts that a host's agent reports: uname fields, `ncpu`, `mem_mb`, `disk_mb`, `tool_*` … */
export type HostFacts = Record<string, string>
