import type { FarmWide, ProjectConfig } from '@rumpfarm/contracts'
import { hash, later } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { storeChannels } from '../notifications/channels.ts'
import { storePolledRepositories } from '../polling/polled-repositories.ts'
import { storeSchedules } from '../schedules/store-schedules.ts'
import type { ServerFacts } from '../servers/conflicts.rule.ts'
import { aliveSeconds } from '../servers/servers.ts'
import { type AgreedFile, decideFile, type FileDecision, type OfferedFile } from './agree-on-file.rule.ts'
import { cancelRemovedProjects } from './removed-projects.ts'

/** Makes all projects of a checked farm.yaml active, in one transaction. Projects that left farm.yaml stay readable. */
export const applyConfiguration = (
  context: Context,
  projects: readonly ProjectConfig[],
  farmWide: FarmWide,
): Promise<void> => inTransaction(context, tx => apply(context, tx, { projects, farmWide }))

/** A farm.yaml without errors, and the server that has it. */
export interface FileOffer extends OfferedFile {
  server: Pick<ServerFacts, 'id' | 'name' | 'migration'>
  projects: readonly ProjectConfig[]
  farmWide: FarmWide
}

/** Makes the file active, unless the servers of the farm agree on a newer one. Each server calls this for its own file. */
export function offerFile(context: Context, offer: FileOffer): Promise<FileDecision> {
  return inTransaction(context, async tx => {
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended('configuration', 0))::text AS "lock"`
    const { server, sum } = offer
    await tx.execute`UPDATE "Server" SET "fileSum" = ${sum} WHERE "id" = ${server.id}`
    const decision = decideFile(offer, await agreedFile(tx, offer))
    if (decision === 'apply') {
      await apply(context, tx, offer)
      await tx.execute`UPDATE "Configuration" SET "fileSum" = ${sum}, "acceptedBy" = ${server.name} WHERE "id" = 1`
      await tx.execute`
        INSERT INTO "AcceptedFile" ("sum", "acceptedAt") VALUES (${sum}, ${tx.now()})
        ON CONFLICT ("sum") DO UPDATE SET "acceptedAt" = EXCLUDED."acceptedAt"`
      await tx.execute`
        DELETE FROM "AcceptedFile" WHERE "sum" IN (SELECT "sum" FROM "AcceptedFile" ORDER BY "acceptedAt" DESC OFFSET ${filesKept})`
      return decision
    }
    const cleared = await tx.execute`
      UPDATE "Configuration" SET "problems" = NULL, "refusedAt" = NULL, "refusedBy" = NULL
       WHERE "problems" IS NOT NULL AND ("refusedBy" = ${server.name} OR NOT EXISTS (
         SELECT FROM "Server" WHERE "name" = "refusedBy" AND "seenAt" > ${later(tx.now(), -aliveSeconds)}))`
    if (cleared > 0) tx.emit({ kind: 'configuration-changed' })
    return decision
  })
}

/** The farm remembers this many texts that were active. */
const filesKept = 1000

/** A server with the name of this one was killed just now. It is not another server. */
async function agreedFile(tx: Tx, { sum, server, projects, farmWide }: FileOffer): Promise<AgreedFile> {
  const [row] = await tx.query<AgreedFile>`
    SELECT "fileSum" AS "sum", "hash" IS NOT DISTINCT FROM ${configurationHash(projects, farmWide)} AS "sameProjects",
           EXISTS (SELECT FROM "AcceptedFile" known WHERE known."sum" = ${sum}) AS "wasActive",
           others."count" > 0 AS "others", COALESCE(others."newest" < ${server.migration}, true) AS "newest"
      FROM "Configuration", (
        SELECT count(*) AS "count", max("migration") AS "newest" FROM "Server"
         WHERE "id" <> ${server.id} AND "name" <> ${server.name} AND "seenAt" > ${later(tx.now(), -aliveSeconds)}) others
     WHERE "Configuration"."id" = 1`
  return row ?? { sum: null, sameProjects: false, wasActive: false, others: false, newest: true }
}

const configurationHash = (projects: readonly ProjectConfig[], farmWide: FarmWide): string =>
  hash(JSON.stringify([projects, farmWide]))

async function apply(
  context: Context,
  tx: Tx,
  { projects, farmWide }: Pick<FileOffer, 'projects' | 'farmWide'>,
): Promise<void> {
  const at = tx.now()
  // Always in this order: two commands that lock the same rows in different orders can block each other.
  for (const project of projects.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
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
    VALUES (1, ${at}, ${configurationHash(projects, farmWide)}, ${farmWide.notifyAfterSeconds})
    ON CONFLICT ("id") DO UPDATE SET "acceptedAt" = EXCLUDED."acceptedAt", "hash" = EXCLUDED."hash",
      "notifyAfterSeconds" = EXCLUDED."notifyAfterSeconds",
      "problems" = NULL, "refusedAt" = NULL, "refusedBy" = NULL`
  await cancelRemovedProjects(context, tx)
  tx.emit({ kind: 'configuration-changed' })
}

/** Records why the newest farm.yaml of a server was rejected. The previous version stays active. */
export async function rejectConfiguration(
  { db, now, emit }: Context,
  problems: readonly string[],
  refusedBy: string | null = null,
): Promise<void> {
  const rejected = { problems: problems.join('\n'), refusedAt: now(), refusedBy }
  await db.models.configuration.upsert({ where: { id: 1 }, create: rejected, update: rejected })
  emit({ kind: 'pages-changed' })
}
