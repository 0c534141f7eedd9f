import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { isExpanding } from './expand.rule.ts'
import type { MigrationFile } from './files.ts'
import { MigrationError } from './status.ts'

/** A server that was killed counts as alive for ten seconds (servers/servers.ts). */
const waitSecondsMax = 12

/**
 * Waits until no server of an older version runs, if one of these migrations would break it. Throws a `MigrationError` if
 * one still runs after 12 s.
 */
export async function untilNoOlderServer(
  client: ClientBase,
  pending: readonly Pick<MigrationFile, 'name'>[],
  waitSeconds = waitSecondsMax,
): Promise<void> {
  const [breaking] = pending.filter(({ name }) => !isExpanding(name))
  if (!breaking) return
  for (let waited = 0; ; waited++) {
    const servers = await aliveServers(client)
    if (servers.length === 0) return
    if (waited >= waitSeconds)
      throw new MigrationError(
        `migration ${breaking.name} changes something that ${servers.join(' and ')} still uses: stop all servers of the ` +
          'older version, then start this one. Jobs on hosts continue meanwhile',
      )
    await sleep(1000)
  }
}

async function aliveServers(client: ClientBase): Promise<string[]> {
  const { rows: tables } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('"Server"') IS NOT NULL AS "exists"`,
  )
  if (!tables[0]?.exists) return [] // an older farm, or a new database
  const { rows } = await client.query<{ name: string }>(
    `SELECT "name" FROM "Server" WHERE "seenAt" > clock_timestamp() - interval '10 seconds' ORDER BY "startedAt"`,
  )
  return rows.map(({ name }) => name)
}
