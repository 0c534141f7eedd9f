import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/client.ts'
import { attemptsOf } from './alerts.ts'

/** Longer than this without a round, and nobody may have been listening: every host gets its full time again. */
const gapSecondsMax = 20

export interface Watched {
  silent: string[]
  back: string[]
}

interface ChangedRow {
  id: number
  name: string
}

/**
 * Notes which hosts fell silent and which are back. Each change is one conditional UPDATE that also writes the owner's
 * alert, so two servers that look at the same moment tell it once.
 */
export async function watchHosts(context: Context): Promise<Watched> {
  const at = context.now()
  const silentBefore = later(at, -context.settings.silentSeconds)
  const { silent, back } = await context.db.$transaction(async tx => {
    const listening = (await listeningSince(tx, at)) <= silentBefore
    return { back: await returned(tx, at), silent: listening ? await fellSilent(tx, at, silentBefore) : [] }
  })
  for (const { id } of [...silent, ...back]) context.publish({ kind: 'host', hostId: id })
  return { silent: silent.map(({ name }) => name), back: back.map(({ name }) => name) }
}

/** A farm that was down, or a machine that slept, has heard nobody: that is no host's silence. */
async function listeningSince(tx: Tx, at: Date): Promise<Date> {
  const [row] = await tx.$queryRaw<{ since: Date }[]>`
    INSERT INTO "Watch" AS watch ("id", "since", "lastAt") VALUES (1, ${at}, ${at})
    ON CONFLICT ("id") DO UPDATE SET "lastAt" = EXCLUDED."lastAt",
      "since" = CASE WHEN watch."lastAt" < ${later(at, -gapSecondsMax)} THEN EXCLUDED."since" ELSE watch."since" END
    RETURNING "since"`
  return row?.since ?? at
}

const fellSilent = (tx: Tx, at: Date, silentBefore: Date) => tx.$queryRaw<ChangedRow[]>`
  WITH changed AS (
    UPDATE "Host" SET "silentSince" = "lastSeenAt"
     WHERE "lastSeenAt" < ${silentBefore} AND "silentSince" IS NULL AND "awaySince" IS NULL AND "removedAt" IS NULL
    RETURNING *
  ), told AS (
    INSERT INTO "HostAlert" ("hostId", "kind", "since", "attempts", "createdAt", "nextAt")
    SELECT "id", 'host.silent', "silentSince", ${attemptsOf}, ${at}, ${at} FROM changed WHERE "alertUrl" IS NOT NULL
  )
  SELECT "id", "name" FROM changed`

const returned = (tx: Tx, at: Date) => tx.$queryRaw<ChangedRow[]>`
  WITH gone AS (
    SELECT "id", "silentSince" AS "since" FROM "Host" WHERE "silentSince" IS NOT NULL FOR UPDATE
  ), changed AS (
    UPDATE "Host" SET "silentSince" = NULL
      FROM gone
     WHERE "Host"."id" = gone."id" AND ("lastSeenAt" > "silentSince" OR "removedAt" IS NOT NULL)
    RETURNING "Host".*, gone."since"
  ), told AS (
    INSERT INTO "HostAlert" ("hostId", "kind", "since", "attempts", "createdAt", "nextAt")
    SELECT "id", 'host.back', "since", ${attemptsOf}, ${at}, ${at}
      FROM changed WHERE "alertUrl" IS NOT NULL AND "removedAt" IS NULL
  )
  SELECT "id", "name" FROM changed`
