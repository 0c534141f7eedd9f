import type { Context } from '../context.ts'
import type { GlanceCell } from './glance-cell.rule.ts'
import type { Look } from './look.rule.ts'
import type { Milestone } from './matrix-cell.rule.ts'
import type { Cause } from './news.rule.ts'

/** The farm reads the positions of at most this many commits, and the details of at most this many causes. */
const commitsMax = 500
const causesMax = 10

const fresh: ReadonlySet<Look> = new Set<Look>(['new', 'unconfirmed', 'fixed'])

interface PositionRow {
  project: string
  branch: string
  commit: string
  position: number
}

/** Gives the milestones of new failures their commits' positions on their branches. */
export async function readPositions({ db }: Context, cells: readonly GlanceCell[]): Promise<void> {
  const wanted = new Map<string, { project: string; branch: string; milestones: Milestone[] }>()
  for (const { look, project, branch, since, lastGood } of cells) {
    if (!fresh.has(look)) continue
    for (const milestone of [since, lastGood]) {
      if (!milestone) continue
      const key = `${project}\n${branch}\n${milestone.commit}`
      const found = wanted.get(key)
      if (found) found.milestones.push(milestone)
      else if (wanted.size < commitsMax) wanted.set(key, { project, branch, milestones: [milestone] })
    }
  }
  if (wanted.size === 0) return
  const all = [...wanted.values()]
  const rows = await db.query<PositionRow>`
    SELECT held."projectName" AS "project", held."branch", held."commit", held."position"
      FROM unnest(${all.map(({ project }) => project)}::text[], ${all.map(({ branch }) => branch)}::text[],
                  ${all.map(({ milestones }) => milestones[0]?.commit ?? '')}::text[]) AS wanted("projectName", "branch", "commit")
      JOIN "BranchCommit" held USING ("projectName", "branch", "commit")`
  for (const { project, branch, commit, position } of rows)
    for (const milestone of wanted.get(`${project}\n${branch}\n${commit}`)?.milestones ?? [])
      milestone.position = position
}

interface CauseRow {
  number: number
  author: string | null
  subject: string | null
  message: string | null
  reached: number | null
}

const results = ['passed', 'failed', 'timed-out']

/** Adds to the first causes: the error line, the author of an only commit, and how many hosts have a result since then. */
export async function describeCauses({ db }: Context, all: readonly Cause[]): Promise<void> {
  const causes = all.slice(0, causesMax)
  if (causes.length === 0) return
  const rows = await db.query<CauseRow>`
    SELECT cause."number", build."author", build."subject", failure."message",
           (SELECT count(*)::int FROM "Host" host WHERE EXISTS (
              SELECT FROM "Cell" cell
               WHERE cell."projectName" = cause."projectName" AND cell."branch" = cause."branch"
                 AND cell."hostId" = host."id" AND cell."verdict" = ANY(${results})
                 AND cell."commit" = ANY(newer."commits"))) AS "reached"
      FROM unnest(${causes.map((_, index) => index)}::int[], ${causes.map(({ project }) => project)}::text[],
                  ${causes.map(({ branch }) => branch)}::text[], ${causes.map(({ since }) => since.buildId)}::int[],
                  ${causes.map(({ since }) => since.position ?? null)}::int[], ${causes.map(jobOf)}::bigint[])
        AS cause("number", "projectName", "branch", "buildId", "position", "jobId")
     CROSS JOIN LATERAL (
       SELECT array_agg("commit") AS "commits" FROM "BranchCommit"
        WHERE "projectName" = cause."projectName" AND "branch" = cause."branch"
          AND "position" >= cause."position") newer
      LEFT JOIN "Build" build ON build."id" = cause."buildId"
      LEFT JOIN LATERAL (SELECT "message" FROM "Failure" WHERE "jobId" = cause."jobId"
                          ORDER BY "number" DESC LIMIT 1) failure ON true`
  for (const { number, author, subject, message, reached } of rows) {
    const cause = causes[number]
    if (!cause) continue
    cause.message = message
    cause.reached = cause.since.position == null ? null : reached
    if (cause.commits === 1) Object.assign(cause, { author, subject })
  }
}

const jobOf = ({ cells }: Cause): number | null => cells[0].jobId
