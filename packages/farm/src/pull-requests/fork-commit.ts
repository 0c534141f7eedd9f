import type { Context } from '../context.ts'

/**
 * The number of the newest pull request that brought this commit from a fork and is not merged. Undefined if there is
 * none. Only git knows whether the commit is also on a branch of the repository.
 */
export async function findForkCommit({ db }: Context, project: string, commit: string): Promise<number | undefined> {
  const [row] = await db.query<{ number: number }>`
    SELECT request."number" FROM "PullRequestCommit" found JOIN "PullRequest" request ON request."id" = found."pullRequestId"
     WHERE found."commit" = ${commit} AND found."fork" AND request."projectName" = ${project} AND request."state" <> 'merged'
     ORDER BY request."id" DESC LIMIT 1`
  return row?.number
}
