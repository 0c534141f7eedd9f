import type { HostFacts } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { commonTrait, describeTrait, type TraitKind, type TraitSample } from './trait.rule.ts'

/** A failure of a build that occurs only on hosts with a common trait. */
export interface FailureTrait {
  fingerprint: string
  step: string
  /** The first error line. */
  message: string
  trait: TraitKind
  value: string
  /** "fails on all big-endian hosts, passes elsewhere". */
  words: string
  failingHosts: string[]
  passingHosts: string[]
}

interface Row extends TraitSample {
  passed: boolean
  fingerprint: string | null
  step: string | null
  message: string | null
}

/** A build has at most hosts × arches × variants jobs; the query stops at this many. */
const jobsMax = 5000

/**
 * The failures of a build with their common traits. A failure without such a trait is not in the list. The newest attempt
 * of each job counts.
 */
export async function traitsOfBuild(context: Context, buildId: number): Promise<FailureTrait[]> {
  const rows = await context.db.query<Row>`
    SELECT host."name" AS "host", job."arch", newest."compiler", newest."verdict" = 'passed' AS "passed",
           failure."fingerprint", failure."step", failure."message",
           COALESCE((SELECT "facts" FROM "HostFacts" WHERE "hostId" = host."id" AND "since" <= newest."finishedAt"
                      ORDER BY "since" DESC, "id" DESC LIMIT 1), host."facts") AS "facts"
      FROM "Job" job JOIN "Host" host ON host."id" = job."hostId"
      JOIN LATERAL (SELECT * FROM "Attempt" WHERE "jobId" = job."id" AND "state" = 'finished'
                       AND "verdict" IN ('passed', 'failed', 'timed-out') AND "purpose" <> 'probe'
                     ORDER BY "number" DESC LIMIT 1) newest ON true
      LEFT JOIN "Failure" failure ON failure."jobId" = newest."jobId" AND failure."number" = newest."number"
     WHERE job."buildId" = ${buildId} ORDER BY host."name", job."arch", job."variant" LIMIT ${jobsMax}`
  const passing = rows.filter(({ passed }) => passed)
  const fingerprints = [...new Set(rows.flatMap(({ fingerprint }) => fingerprint ?? []))]
  return fingerprints.flatMap(fingerprint => traitOf(fingerprint, rows, passing))
}

function traitOf(fingerprint: string, rows: readonly Row[], passing: readonly Row[]): FailureTrait[] {
  const failing = rows.filter(row => row.fingerprint === fingerprint)
  const [first] = failing
  const trait = commonTrait(failing.map(sampleOf), passing.map(sampleOf))
  if (!first || !trait) return []
  return [
    {
      fingerprint,
      step: first.step ?? '',
      message: first.message ?? '',
      trait: trait.kind,
      value: trait.value,
      words: describeTrait(trait),
      failingHosts: namesOf(failing),
      passingHosts: namesOf(passing),
    },
  ]
}

const sampleOf = ({ host, arch, compiler, facts }: Row): TraitSample => ({
  host,
  arch,
  compiler,
  facts: facts as HostFacts,
})

const namesOf = (rows: readonly Row[]): string[] => [...new Set(rows.map(({ host }) => host))]
