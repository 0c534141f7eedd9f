import type { AttemptId, StepEnd, Verdict } from '@rumpfarm/contracts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import { isResult } from '../matrix/cell.rule.ts'
import { sourcesOfAttempt } from './attempt-sources.ts'
import { collector, type ParsedResults } from './collect.rule.ts'
import { noOwnStrings, type OwnStrings } from './identity.rule.ts'
import { resultLimits } from './limits.rule.ts'
import { readResults } from './read-results.ts'
import { registerTests } from './register.ts'
import { storeResults } from './store.ts'

/** An ended attempt, as its examination reads it. */
export interface ExaminedAttempt extends AttemptId {
  buildId: number
  project: string
  hostId: number
  host: string
  arch: string
  variant: string
  verdict: Verdict
  /** The results of a probe of a bisection are not stored, because its commit is none of the branch's newest. */
  purpose: string
  finishedAt: Date
  steps: (StepEnd & { name: string })[]
  logBytes: number
  recipe: Recipe
}

/**
 * Reads the test results of an attempt, outside of any transaction, and returns the function that stores them. Returns
 * undefined if the recipe has no `results`, for a probe, and if the attempt was cancelled, lost or broken. Names of tests that are new
 * in the project are stored at once, because two attempts that wait for each other's new names could block each other.
 */
export async function readTestResults(
  context: Context,
  attempt: ExaminedAttempt,
): Promise<((tx: Tx) => Promise<void>) | undefined> {
  const { results = [], steps } = attempt.recipe
  if (results.length === 0 || !isResult(attempt.verdict) || attempt.purpose === 'probe') return undefined
  const parsed = await parseAttempt(context, {
    ...attempt,
    results,
    stepNames: steps.map(({ name }) => name),
  })
  const ids = await registerTests(context, attempt.project, parsed.tests)
  return tx => storeResults(tx, attempt, parsed, ids)
}

async function parseAttempt(
  context: Context,
  attempt: ExaminedAttempt & { results: NonNullable<Recipe['results']>; stepNames: string[] },
): Promise<ParsedResults> {
  const { jobId, number } = attempt
  const artifacts = await context.db.query<{ name: string; bytes: number }>`
    SELECT "name", "bytes" FROM "Artifact" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "sealedAt" IS NOT NULL
     ORDER BY "name"`
  const collected = collector(ownStrings(attempt.host), resultLimits)
  const { sources, unmatched } = sourcesOfAttempt(context, { ...attempt, artifacts })
  await readResults(sources, collected, resultLimits)
  for (const pattern of unmatched) collected.notice(`no file matches ${pattern}`)
  return collected.results()
}

// A host with a plain name, such as `linux` or `vax`, may be a word in the name of a test.
const ownStrings = (host: string): OwnStrings =>
  /[.-]/.test(host) ? { directories: [], words: [{ text: host, by: '<host>' }] } : noOwnStrings
