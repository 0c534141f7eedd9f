import type { TestFarm } from './farm-test.ts'

/** Stores the failure of the newest attempt of a job, as the examination of its log does. */
export async function storeFailure(
  farm: TestFarm,
  jobId: number,
  { fingerprint = 'f'.repeat(32), message = 'a.c:1: error: no', rule = 'C1', symbol = null as string | null } = {},
): Promise<void> {
  await farm.sql(
    `WITH newest AS (
       SELECT * FROM "Attempt" WHERE "jobId" = $1 ORDER BY "number" DESC LIMIT 1)
     INSERT INTO "Failure" ("jobId", "number", "projectName", "buildId", "hostId", "arch", "variant", "step", "exit",
                            "fingerprint", "rule", "text", "message", "line", "excerpt", "errors", "createdAt", "symbol")
     SELECT job."id", newest."number", build."projectName", build."id", job."hostId", job."arch", job."variant",
            newest."failedStep", 1, $2, $3, $4, $4, 7, $5, 1, newest."finishedAt", $6
       FROM newest JOIN "Job" job ON job."id" = newest."jobId" JOIN "Build" build ON build."id" = job."buildId"`,
    [jobId, fingerprint, rule, message, { firstLine: 6, lines: ['cc a.c', message] }, symbol],
  )
  await farm.sql(`UPDATE "Cell" SET "fingerprint" = $2 WHERE "jobId" = $1`, [jobId, fingerprint])
}
