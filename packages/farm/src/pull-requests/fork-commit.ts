import type { Context } from '../context.ts'

/**
 * The number of the newest pull request that brought this commit from a fork; undefined if there is none. Only git knows
 * whether the commit is also on a branch of the repository.
 */
export async function findForkCommit({ db }: Context, project: string, commit: string): Promise<number | undefined> {
  const [row] = await db.query<{ number: number }>`
    SELECT request."number" FROM "PullRequestCommit" found JOIN "PullRequest" request ON request."id" = found."pullRequestId"
     WHERE found."commit" = ${commit} AND found."fork" AND request."projectName" = ${project}
     ORDER BY request."id" DESC LIMIT 1`
  return row?.number
}
