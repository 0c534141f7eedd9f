import type { Farm } from '@rumpfarm/farm'
import { jobNumber, wholeNumber } from '../../query.ts'
import { noBuild, noJob, type PageError } from './page-error.ts'

type Retention = Pick<Farm, 'retention'>

/** The page for a job that the farm does not have. It says when the job expired, if it did. */
export const missingJob = async ({ retention }: Retention, word: string): Promise<PageError> =>
  noJob(word, await retention.findJob(jobNumber(word) ?? 0))

/** The same for a build. */
export const missingBuild = async ({ retention }: Retention, word: string): Promise<PageError> =>
  noBuild(word, await retention.findBuild(wholeNumber(word) ?? 0))
