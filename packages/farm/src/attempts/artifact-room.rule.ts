import type { Recipe } from '../builds/plan.rule.ts'
import { matcher } from '../projects/patterns.rule.ts'
import { resultLimits } from '../test-results/limits.rule.ts'

const artifactsMax = 100
/** An agent offers no more files than these, unless the farm names another number. */
const offeredMax = 200

/** The stored files of an attempt. */
export interface StoredFiles {
  /** How many files of the same kind are stored. */
  count: number
  /** The bytes of all files. */
  bytes: number
}

/** Why the farm does not store another file of this size for an attempt; undefined if there is room for it. */
export function artifactRefusal(
  size: number,
  others: StoredFiles,
  { bytesMax, isResult }: { bytesMax: number; isResult: boolean },
): string | undefined {
  if (bytesMax === 0) return 'the recipe names no artifacts'
  const [countMax, kind] = isResult ? [resultLimits.filesMax, 'files with test results'] : [artifactsMax, 'files']
  if (others.count >= countMax) return `${countMax} ${kind} are already stored, which is the maximum`
  if (others.bytes + size <= bytesMax) return undefined
  const more = others.bytes > 0 ? `, and ${others.bytes} bytes of other files are already stored` : ''
  return `it has ${size} bytes${more}; limits.artifacts is ${bytesMax}`
}

/** The patterns of the files with test results. */
export const resultPatternsOf = ({ results = [] }: Pick<Recipe, 'results'>): string[] =>
  results.flatMap(({ files }) => files ?? [])

/** Whether a file matches one of these patterns, or is in a directory that matches. */
export const isResultFile = (patterns: readonly string[], name: string): boolean =>
  patterns.length > 0 && matcher(patterns.flatMap(pattern => [pattern, `${pattern}/**`]))(name)

/** How many files the host may offer for an attempt. */
export const offeredFilesMax = (recipe: Pick<Recipe, 'results'>): number =>
  resultPatternsOf(recipe).length > 0 ? offeredMax + resultLimits.filesMax : offeredMax
