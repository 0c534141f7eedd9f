import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startReplicatedPostgres } from '../../../test/support/replicated-postgres.ts'
import { migrate } from '../src/db/migrate.ts'
import { asReader, openFarm } from '../src/index.ts'
import { commitOf, project } from './farm-test.ts'

test.skipIf(process.platform !== 'linux')(
  'lists of history come from a replica, unless it is late or does not answer',
  async () => {
    const postgres = await startReplicatedPostgres(migrate)
    const logsDirectory = mkdtempSync(join(tmpdir(), 'replica-logs-'))
    const farm = openFarm({
      databaseUrl: postgres.url,
      databaseReadUrl: postgres.replicaUrl,
      logsDirectory,
      secret: 'the secret of the tests',
    })
    const build = (letter: string) =>
      farm.builds.request({
        ...{ project: 'sample', commit: commitOf(letter), of: { kind: 'branch', branch: 'main' } },
        ...{ cause: 'push', source: 'test', deliveryId: letter },
      })
    const list = (mayBeLate: boolean) =>
      asReader('ada', new AbortController().signal, async () => (await farm.builds.list({ limit: 10 })).length, {
        mayBeLate,
      })
    const usable = () => vi.waitFor(async () => expect(await farm.isReplicaUsable()).toBe(true), { timeout: 20_000 })

    await farm.projects.applyConfiguration([project({ steps: [{ name: 'build', run: 'make' }] })])
    await build('a')
    await usable()
    await postgres.pauseReplica()
    await build('b')
    const late = await list(true)
    const now = await list(false)
    await vi.waitFor(async () => expect(await farm.isReplicaUsable()).toBe(false), { timeout: 20_000 })
    const whileLate = await list(true)
    await postgres.resumeReplica()
    await usable()
    await postgres.stopReplica()
    const afterStop = await list(true)

    expect({ late, now, whileLate, afterStop }).toEqual({ late: 1, now: 2, whileLate: 2, afterStop: 2 })
    await farm.close()
    await postgres.close()
    rmSync(logsDirectory, { recursive: true })
  },
)
