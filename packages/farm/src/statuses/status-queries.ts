import type { StatusState } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'

/** A status of a commit, as the project's page and the API show it. */
export interface StatusView {
  id: number
  commit: string
  branch: string | null
  /** Null if the commit of a pull request has no build; then `pullRequest` is its number at the forge. */
  buildId: number | null
  jobId: number | null
  pullRequest: number | null
  /** The address of the forge's API, and the path of the repository on the forge. */
  api: string
  repository: string
  context: string
  state: StatusState
  description: string
  changedAt: Date
  /** When the forge last accepted a status with this name for this commit. */
  sentAt: Date | null
  /** Whether the forge shows the wanted state. */
  sent: boolean
  /** When the farm sends the status, or tries again; null if the forge has it, or the farm gave up. */
  nextAt: Date | null
  tries: number
  gaveUpAt: Date | null
  problem: string | null
}

/** The statuses of a project that changed last, newest first. */
export const listStatuses = ({ db }: Context, project: string, limit: number): Promise<StatusView[]> =>
  db.query<StatusView>`
    SELECT "id", "commit", "branch", "buildId", "jobId", "pullRequest", "api", "repository", "context", "state", "description", "changedAt", "sentAt",
           "sentVersion" = "version" AS "sent", CASE WHEN "sentVersion" < "version" AND "gaveUpAt" IS NULL THEN "nextAt" END AS "nextAt",
           "tries", "gaveUpAt", "problem"
      FROM "CommitStatus" WHERE "projectName" = ${project} ORDER BY "changedAt" DESC, "id" DESC LIMIT ${limit}`

const retriedMax = 100

/**
 * Sends the statuses again that the farm gave up, at most the newest 100, for example after a person corrected the token.
 * Returns how many.
 */
export const retryStatuses = ({ db, now }: Context, project: string): Promise<number> =>
  db.execute`
    UPDATE "CommitStatus" SET "gaveUpAt" = NULL, "problem" = NULL, "tries" = 0, "changedAt" = ${now()}, "nextAt" = ${now()}
     WHERE "id" IN (SELECT "id" FROM "CommitStatus" WHERE "projectName" = ${project} AND "gaveUpAt" IS NOT NULL
                     ORDER BY "changedAt" DESC LIMIT ${retriedMax})`
