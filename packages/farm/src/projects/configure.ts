import type { FarmWide, ProjectConfig } from '@rumpfarm/contracts'
import { hash } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import { storeChannels } from '../notifications/channels.ts'
import { storePolledRepositories } from '../polling/polled-repositories.ts'
import { storeSchedules } from '../schedules/store-schedules.ts'
import { cancelRemovedProjects } from './removed-projects.ts'

/** Makes all projects of a checked farm.yaml active, in one transaction. Projects that left farm.yaml stay readable. */
export async function applyConfiguration(
  context: Context,
  projects: readonly ProjectConfig[],
  farmWide: FarmWide,
): Promise<void> {
  const at = context.now()
  await inTransaction(context, async tx => {
    for (const project of projects) {
      // The statement gets JSON as text, because Prisma would lose a variant or a variable with the name __proto__.
      const config = JSON.stringify(project)
      await tx.execute`
        INSERT INTO "Project" ("name", "config", "configHash", "updatedAt")
        VALUES (${project.name}, ${config}::json, ${hash(config)}, ${at})
        ON CONFLICT ("name") DO UPDATE SET "config" = EXCLUDED."config", "configHash" = EXCLUDED."configHash",
          "removedAt" = NULL, "updatedAt" = EXCLUDED."updatedAt", "defaultBranch" =
            CASE WHEN "Project"."config" ->> 'repository' = EXCLUDED."config" ->> 'repository' THEN "Project"."defaultBranch" END,
          "firstLookAt" =
            CASE WHEN "Project"."config" ->> 'repository' = EXCLUDED."config" ->> 'repository' THEN "Project"."firstLookAt" END`
    }
    await tx.execute`
      UPDATE "Project" SET "removedAt" = ${at}, "updatedAt" = ${at}, "firstLookAt" = NULL
       WHERE "removedAt" IS NULL AND "name" <> ALL(${projects.map(({ name }) => name)})`
    await storePolledRepositories(tx, projects)
    await storeSchedules(tx, projects)
    await storeChannels(tx, projects, farmWide.notify)
    await tx.execute`
      INSERT INTO "Configuration" ("id", "acceptedAt", "hash", "notifyAfterSeconds")
      VALUES (1, ${at}, ${hash(JSON.stringify(projects))}, ${farmWide.notifyAfterSeconds})
      ON CONFLICT ("id") DO UPDATE SET "acceptedAt" = EXCLUDED."acceptedAt", "hash" = EXCLUDED."hash",
        "notifyAfterSeconds" = EXCLUDED."notifyAfterSeconds",
        "problems" = NULL, "refusedAt" = NULL`
    await cancelRemovedProjects(context, tx)
    tx.emit({ kind: 'configuration-changed' })
  })
}

/** Records why the newest farm.yaml was rejected. The previous version stays active. */
export async function rejectConfiguration({ db, now }: Context, problems: readonly string[]): Promise<void> {
  const rejected = { problems: problems.join('\n'), refusedAt: now() }
  await db.models.configuration.upsert({ where: { id: 1 }, create: rejected, update: rejected })
}
