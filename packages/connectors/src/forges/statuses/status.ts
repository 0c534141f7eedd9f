import type { ForgeName, StatusState } from '@rumpfarm/contracts'

/** The status of a commit that a forge shows beside the commit. */
export interface CommitStatus {
  /** The full hash. */
  commit: string
  /** The branch whose push the farm built; null if the farm does not know it. */
  branch: string | null
  /** The name of the status. A forge keeps one status for each commit and name. */
  context: string
  state: StatusState
  /** One line of text. */
  description: string
  /** The page of the build; null if the operator has not set PUBLIC_URL. */
  url: string | null
}

/** The repository on a forge, and how the farm signs in. */
export interface StatusTarget {
  forge: ForgeName
  /** The address of the forge's API, without a slash at the end. */
  api: string
  /** The path of the repository on the forge, such as `rumpkernel/buildrump.sh`. */
  repository: string
  access: { token: string } | { app: GithubApp }
}

export interface GithubApp {
  /** The app's client id or number. */
  id: string
  /** The number of the installation. Without it, the farm asks GitHub for the installation of the repository. */
  installation?: string | undefined
  /** The private key as PEM. */
  key: string
}

export type StatusOutcome =
  | { kind: 'sent' }
  | {
      kind: 'failed'
      /** Why, for people. It contains no token. */
      problem: string
      /** Whether the forge would refuse a further try too. */
      permanent: boolean
      /** The forge accepts no request of this account for this time, because of a rate limit. */
      limitedSeconds?: number
    }

/** A request to the API of a forge. The path begins with a slash. */
export interface ForgeRequest {
  path: string
  body: object
}

/** What the forges do differently. */
export interface Forge {
  /** The name for people. */
  title: string
  request(repository: string, status: CommitStatus): ForgeRequest
  headers(token: string): Record<string, string>
  /** True if this refusal means that the forge already shows the status. */
  isDone?(status: CommitStatus, answer: { status: number; message: string }): boolean
  /** A reason why the farm cannot send a status to this forge. */
  missing?(status: CommitStatus): string | undefined
}

/** Each part of a path as one part of an address. */
export const pathOf = (repository: string): string => repository.split('/').map(encodeURIComponent).join('/')
