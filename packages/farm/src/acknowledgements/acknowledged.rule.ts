/** A person knows a failure and takes care of it. */
export interface Acknowledgement {
  id: number
  project: string
  /** cell: the failure in one cell. fingerprint: the failure in every cell of the project. */
  kind: 'cell' | 'fingerprint'
  /** Null only if the farm had not examined the failure of the cell. */
  fingerprint: string | null
  branch: string | null
  host: string | null
  arch: string | null
  variant: string | null
  note: string
  owner: string
  link: string | null
  createdAt: Date
  expiresAt: Date
}

/** The failure of a cell. */
interface Failing {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  fingerprint: string | null
}

/**
 * The acknowledgement of a failing cell; null without one. An acknowledgement never covers another failure: if the
 * fingerprint changes, the failure is not acknowledged.
 */
export function acknowledgementOf(failing: Failing, all: readonly Acknowledgement[]): Acknowledgement | null {
  return all.find(acknowledged => covers(acknowledged, failing)) ?? null
}

function covers(acknowledged: Acknowledgement, failing: Failing): boolean {
  if (acknowledged.project !== failing.project) return false
  const isSameFailure = acknowledged.fingerprint === failing.fingerprint
  if (acknowledged.kind === 'fingerprint') return isSameFailure
  return (
    (isSameFailure || acknowledged.fingerprint === null) &&
    acknowledged.branch === failing.branch &&
    acknowledged.host === failing.host &&
    acknowledged.arch === failing.arch &&
    acknowledged.variant === failing.variant
  )
}
