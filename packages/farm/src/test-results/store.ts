import type { AttemptId, Verdict } from '@rumpfarm/contracts'
import { ofBranch } from '../db/fragments.ts'
import type { Tx } from '../db/transaction.ts'
import { fingerprint } from '../failures/fingerprint.rule.ts'
import { normalise } from '../failures/normalise.rule.ts'
import type { ParsedResults, ParsedRun, ParsedTest } from './collect.rule.ts'
import { type Counts, isBad, noCounts, outcomes, totalOf } from './outcome.rule.ts'

export interface StoredFor extends AttemptId {
  buildId: number
  project: string
  hostId: number
  host: string
  arch: string
  variant: string
  verdict: Verdict
  finishedAt: Date
}

// One statement with 5,000 tests takes about 100 ms. Between two statements, the server does other work.
const atOnce = 5000
/** How many earlier jobs of a cell can have had tests that are now missing. */
const earlierMax = 20

/** Stores the results of an attempt. If they are already stored, nothing changes. */
export async function storeResults(
  tx: Tx,
  attempt: StoredFor,
  parsed: ParsedResults,
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  const counts = parsed.runs.reduce((sum, run) => added(sum, run.counts), noCounts())
  if (!(await storeSummary(tx, attempt, parsed, counts))) return
  await storeRuns(tx, attempt, parsed.runs)
  for (let from = 0; from < parsed.tests.length; from += atOnce)
    await storeTests(tx, attempt, parsed.tests.slice(from, from + atOnce), ids)
}

const added = (sum: Counts, more: Counts): Counts => {
  const total = { ...sum }
  for (const outcome of outcomes) total[outcome] += more[outcome]
  return total
}

/** Returns false if the attempt already has a summary. */
async function storeSummary(
  tx: Tx,
  attempt: StoredFor,
  { runs, notices }: ParsedResults,
  counts: Counts,
): Promise<boolean> {
  const { jobId, number, project, buildId, hostId, arch, variant, verdict, finishedAt } = attempt
  const total = totalOf(counts)
  const complete = notices.length === 0 && runs.every(run => run.complete)
  const mayMiss = verdict === 'passed' && total === 0
  const stored = await tx.execute`
    INSERT INTO "TestSummary" ("jobId", "number", "projectName", "buildId", "hostId", "arch", "variant", "passed", "failed",
           "errored", "skipped", "expectedFailures", "unexpectedPasses", "total", "complete", "missing", "notice", "finishedAt")
    SELECT ${jobId}, ${number}, ${project}, ${buildId}, ${hostId}, ${arch}, ${variant}, ${counts.passed}, ${counts.failed},
           ${counts.errored}, ${counts.skipped}, ${counts['expected-failure']}, ${counts['unexpected-pass']}, ${total},
           ${complete}, ${mayMiss} AND EXISTS (
             SELECT FROM (SELECT "total", "buildId" FROM "TestSummary"
                           WHERE "projectName" = ${project} AND "hostId" = ${hostId} AND "arch" = ${arch}
                             AND "variant" = ${variant} AND "jobId" < ${jobId}
                           ORDER BY "jobId" DESC LIMIT ${earlierMax}) earlier JOIN "Build" build ON build."id" = "buildId"
              WHERE "total" > 0 AND ${ofBranch}),
           ${notices.join('\n') || null}, ${finishedAt}
    ON CONFLICT ("jobId", "number") DO NOTHING`
  return stored > 0
}

async function storeRuns(tx: Tx, { jobId, number }: AttemptId, runs: readonly ParsedRun[]): Promise<void> {
  const rows = runs.map(({ counts, ...run }, index) => ({
    ...run,
    run: index,
    passed: counts.passed,
    failed: counts.failed,
    errored: counts.errored,
    skipped: counts.skipped,
    expectedFailures: counts['expected-failure'],
    unexpectedPasses: counts['unexpected-pass'],
  }))
  await tx.execute`
    INSERT INTO "TestRun" ("jobId", "number", "run", "file", "format", "complete", "passed", "failed", "errored", "skipped",
           "expectedFailures", "unexpectedPasses", "notice")
    SELECT ${jobId}, ${number}, * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS new("run" int, "file" text,
           "format" text, "complete" boolean, "passed" int, "failed" int, "errored" int, "skipped" int,
           "expectedFailures" int, "unexpectedPasses" int, "notice" text)`
}

async function storeTests(
  tx: Tx,
  attempt: StoredFor,
  tests: readonly ParsedTest[],
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  const { jobId, number, buildId, project, hostId, arch, variant, finishedAt } = attempt
  const column = <Value>(read: (test: ParsedTest) => Value) => tests.map(read)
  await tx.execute`
    INSERT INTO "TestResult" ("jobId", "number", "buildId", "projectName", "hostId", "arch", "variant", "finishedAt",
           "testId", "run", "outcome", "tries", "durationMs", "message", "excerpt", "file", "line", "fingerprint")
    SELECT ${jobId}, ${number}, ${buildId}, ${project}, ${hostId}, ${arch}, ${variant}, ${finishedAt}, new.*
      FROM unnest(${column(({ key }) => ids.get(key) ?? null)}::int[], ${column(({ run }) => run)}::int[],
           ${column(({ outcome }) => outcome)}::text[], ${column(({ tries }) => tries)}::int[],
           ${column(({ durationMs }) => durationMs)}::int[], ${column(({ message }) => message)}::text[],
           ${column(({ excerpt }) => excerpt)}::text[], ${column(({ file }) => file)}::text[],
           ${column(({ line }) => line)}::int[], ${column(test => fingerprintOf(test, attempt.host))}::text[]) AS new
    ON CONFLICT ("jobId", "number", "testId") DO NOTHING`
}

/** Null unless the test failed. Tests with equal messages have equal fingerprints. */
function fingerprintOf({ outcome, message, excerpt }: ParsedTest, hostName: string): string | null {
  if (!isBad(outcome)) return null
  const line = message ?? excerpt?.split('\n').find(text => text.trim() !== '') ?? ''
  return fingerprint('test', normalise(line.split('\n')[0] ?? '', { hostName }))
}
