import type { Context } from '../context.ts'
import type { Excerpt } from '../failures/failure-queries.ts'
import { systemOf } from '../matrix/systems.rule.ts'
import type { NamedHost, ProblemFacts } from './message.rule.ts'

/** A problem with its cells and the failure of its first cell. */
export interface ProblemDetails extends ProblemFacts {
  fingerprint: string | null
  closedAt: Date | null
  members: Member[]
  failure: FailureRow | undefined
}

interface Member {
  host: string
  facts: Record<string, unknown>
  arch: string
  variant: string
  jobId: number
  number: number
  sinceBuildId: number
  sinceCommit: string
  lastGoodBuildId: number | null
  ended: string | null
  endedBuildId: number | null
}

interface FailureRow {
  message: string
  line: number | null
  excerpt: Excerpt
}

const membersMax = 2000

export async function problemDetails(context: Context, id: number | null): Promise<ProblemDetails | undefined> {
  const { db } = context
  const [problem] = await db.query<{
    projectName: string
    branch: string
    fingerprint: string | null
    step: string | null
    verdict: string
    closedAt: Date | null
  }>`SELECT "projectName", "branch", "fingerprint", "step", "verdict", "closedAt" FROM "Problem" WHERE "id" = ${id}`
  if (!problem) return undefined
  const members = await db.query<Member>`
    SELECT host."name" AS "host", host."facts", member."arch", member."variant", member."jobId", member."number",
           member."sinceBuildId", member."sinceCommit", member."lastGoodBuildId", member."ended", member."endedBuildId"
      FROM "ProblemCell" member JOIN "Host" host ON host."id" = member."hostId"
     WHERE member."problemId" = ${id} AND member."ended" IS DISTINCT FROM 'gone'
     ORDER BY member."sinceBuildId", member."id" LIMIT ${membersMax}`
  const [first] = members
  if (!first) return undefined
  const [failure] = await db.query<FailureRow>`
    SELECT "message", "line", "excerpt" FROM "Failure" WHERE "jobId" = ${first.jobId} AND "number" = ${first.number}`
  const { projectName: project, branch, fingerprint, step, verdict, closedAt } = problem
  const facts = { project, branch, fingerprint, step, verdict, closedAt, sinceCommit: first.sinceCommit }
  return {
    ...facts,
    members,
    failure,
    failing: hostsOfMembers(members),
    all: await hostsOfBranch(context, project, branch),
  }
}

export function hostsOfMembers(members: readonly Pick<Member, 'host' | 'facts' | 'arch'>[]): NamedHost[] {
  const hosts = new Map<string, NamedHost>()
  for (const { host, facts, arch } of members) {
    const known = hosts.get(host) ?? { name: host, os: systemOf(facts).os, arches: [] }
    if (!known.arches.includes(arch)) known.arches.push(arch)
    hosts.set(host, known)
  }
  return [...hosts.values()]
}

async function hostsOfBranch({ db }: Context, project: string, branch: string): Promise<NamedHost[]> {
  const rows = await db.query<{ host: string; facts: Record<string, unknown>; arch: string }>`
    SELECT DISTINCT ON (host."id", cell."arch") host."name" AS "host", host."facts", cell."arch"
      FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE cell."projectName" = ${project} AND cell."branch" = ${branch} AND host."removedAt" IS NULL
       AND cell."verdict" IN ('passed', 'failed', 'timed-out')`
  return hostsOfMembers(rows)
}
