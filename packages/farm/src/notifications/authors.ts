import { hideSecrets } from '@rumpfarm/contracts'
import { sourceChanges } from '../builds/source-changes.ts'
import type { Context } from '../context.ts'
import { authorsChannel } from './channels.rule.ts'
import { addressProblem } from './mail-address.rule.ts'
import type { DueMessage, NotificationRow } from './outbox.ts'
import { problemDetails } from './problem-details.ts'

/** The address of a commit's author. It is only for sending: no page, answer or log may contain it. */
export type AuthorFound = { address: string } | { note: string }

/** A summary of more messages looks at the first ones only: all of them are about one commit. */
const rowsMax = 20

/** Finds the author of the only commit that can have caused the change. The note says why there is none. */
export async function authorOf(context: Context, { rows }: Pick<DueMessage, 'rows'>): Promise<AuthorFound> {
  const commits = new Map<string, SourceCommit>()
  for (const row of rows.slice(0, rowsMax)) {
    const found = row.event === 'bisected' ? await bisected(context, row) : await onlyCommit(context, row)
    if (typeof found === 'string') return { note: found }
    commits.set(found.commit, found)
  }
  const [only, second] = [...commits.values()]
  if (!only || second) return { note: 'the messages are about several commits' }
  const [row] = await context.db.query<{ authorMail: string | null }>`
    SELECT "authorMail" FROM "Commit" WHERE "repository" = ${hideSecrets(only.repository)} AND "commit" = ${only.commit}`
  if (!row?.authorMail) return { note: `the farm does not know the author's address of ${only.commit.slice(0, 10)}` }
  const problem = addressProblem(row.authorMail)
  return problem === null
    ? { address: row.authorMail }
    : { note: `the author of ${only.commit.slice(0, 10)} receives no mail: ${problem}` }
}

interface SourceCommit {
  repository: string
  commit: string
}

async function onlyCommit(context: Context, row: NotificationRow): Promise<SourceCommit | string> {
  const problem = await problemDetails(context, row.problemId)
  const [first] = problem?.members ?? []
  if (!first) return 'the change does not exist any more'
  if (row.channel !== authorsChannel + first.sinceCommit) return 'the problem began with an earlier commit'
  if (first.lastGoodBuildId === null) return 'no earlier build passed, so the farm does not know which commit is bad'
  const changes = await sourceChanges(context, { from: first.lastGoodBuildId, to: first.sinceBuildId })
  const [only, second] = changes.flatMap(({ repository, commits }) =>
    commits.map(({ commit }) => ({ repository, commit })),
  )
  if (changes.some(({ total }) => total === null)) return 'the farm does not know all commits since the last good build'
  if (!only) return 'no commit changed since the last good build'
  return second ? 'several commits are left since the last good build' : only
}

/** The commit that a bisection confirmed: the commit at the end of the range, if the range has no other commit. */
async function bisected({ db }: Context, { bisectionId }: NotificationRow): Promise<SourceCommit | string> {
  const [found] = await db.query<SourceCommit & { outcome: string; isOnly: boolean }>`
    SELECT bisection."outcome", bisection."high" = bisection."low" + 1 AS "isOnly", commit."commit",
           project."config" ->> 'repository' AS "repository"
      FROM "Bisection" bisection JOIN "Project" project ON project."name" = bisection."projectName"
      JOIN "BisectionCommit" commit ON commit."bisectionId" = bisection."id" AND commit."position" = bisection."high"
       AND commit."doubt" IS DISTINCT FROM 'merge'
     WHERE bisection."id" = ${bisectionId}`
  if (!found) return 'the bisection names no commit, or a merge'
  if (found.outcome !== 'confirmed' || !found.isOnly) return 'the bisection did not find a single commit'
  return found
}
