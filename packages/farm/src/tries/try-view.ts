import type { WantedCells } from '../builds/plan.rule.ts'
import { sql } from '../db/sql.ts'

/** An uploaded tree that the farm builds once. */
export interface TryView {
  id: string
  project: string
  /** The name of the token that started the try. */
  token: string
  bytes: number
  sha256: string
  commit: string
  createdAt: Date
  /** When the farm deletes the files, and cancels the jobs that have not ended. */
  expiresAt: Date
  /** Null until all files are uploaded. */
  buildId: number | null
}

export type TryRow = TryView & {
  subject: string
  author: string | null
  wanted: WantedCells | null
}

export const tryColumns = sql`t."id", t."projectName" AS "project", t."tokenName" AS "token", t."bytes", t."sha256",
  t."commit", t."createdAt", t."expiresAt", t."buildId", t."subject", t."author", t."wanted"`

export const toView = ({ subject: _, author: _author, wanted: _wanted, ...view }: TryRow): TryView => view
