import type { Expired } from '@rumpfarm/farm'
import type { LogQuery } from './log-query.ts'
import type { FoundLines } from './search.ts'
import type { LogSection } from './sections.ts'
import type { LogWindow } from './window.ts'

/** The part of a log that a page shows. */
export interface JobLog {
  sections: readonly LogSection[]
  window: LogWindow
  /** The name of the attempt, such as `12.1`. */
  attempt: string
  /** The path of this attempt's page. */
  path: string
  rawPath: string
  /** True if the attempt has not finished. */
  live: boolean
  /** The number of bytes of the finished log that the farm no longer has; 0 if the log is whole. */
  missingBytes: number
  /** The bucket of the farm does not answer, so the page shows nothing of the log. */
  away: boolean
  /** When the farm deleted the log, because of `keep` in farm.yaml; null if it did not. */
  expired: Expired | null
  /** When the farm found that the stored bytes differ from those of the host; null if it did not. */
  damagedAt: Date | null
  query: LogQuery
  /** The result of the search in the address. */
  found: FoundLines | undefined
  /** The lines with errors, in order, and the number of all errors. */
  errors: { lines: readonly number[]; total: number }
  /** False if the reader wants times, but the farm does not know them. */
  timesKnown: boolean
}
