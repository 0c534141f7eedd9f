import type { Archived } from './archive.ts'
import type { Problem } from './remote-answers.ts'

const tarballBytesLimit = 999_999_999

/** A tarball, or the problem that it is too large. */
export function limited(archived: Archived): Archived | Problem {
  if (archived.kind === 'failed' || archived.sums.bytes <= tarballBytesLimit) return archived
  return {
    kind: 'problem',
    problem: `the tarball has ${archived.sums.bytes} bytes, more than ${tarballBytesLimit}: exclude paths with leave-out in farm.yaml`,
  }
}
