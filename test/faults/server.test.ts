import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { farmClient } from '../../packages/client/src/index.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import { bothQueues, farmTest } from '../support/farm-test.ts'
import { freezablePostgres } from '../support/freezable-postgres.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { eventually } from '../support/waiting.ts'

/** A job that prints a line with a number every 0.1 s, up to `upTo`. */
const counting = (upTo: number) => `i=0; while [ $i -lt ${upTo} ]; do i=$((i+1)); echo line $i; sleep 0.1; done\n`
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `line ${i + 1}\n`).join('')

for (const queues of bothQueues) {
  farmTest(
    `${queues}: if a server is killed with SIGKILL, a job continues and ends once, and the job’s log is byte-exact`,
    { queues },
    async farm => {
      await farm.host('vax')
      const job = await (await farm.push(counting(40))).job()
      await job.logged('line 3\n')
      await farm.kill9()
      await farm.start()
      const { verdict, attempts } = await job.finished()

      expect(verdict).toBe('passed')
      expect(attempts.length).toBe(1)
      expect((await job.log()).toString()).toBe(counted(40))
    },
  )

  const git = heldGit()
  farmTest(
    `${queues}: if a server is killed while it prepares sources, the next server prepares them`,
    { queues, environment: { PATH: git.path } },
    async farm => {
      git.hold()
      const build = await farm.push({ 'job.sh': 'echo hello', ...manyFiles })
      await git.held()
      await farm.kill9()
      git.release()
      await farm.start()
      expect(await build.prepared()).toMatchObject({ sources: 'ready', problem: null })
    },
  )
}

test.concurrent('if every connection to PostgreSQL breaks during use, the server keeps running', async () => {
  const database = await createTestDatabase()
  const postgres = await freezablePostgres(database.url)
  const farm = await TestFarm.open({ databaseUrl: postgres.url, queues: 'postgres' })
  const ask = (path: string) => fetch(farm.url + path).then(({ status }) => status)
  await eventually('the first page', async () => ((await ask('/')) === 200 ? true : undefined))
  const asked = postgres.freeze()
  const pages = Array.from({ length: 5 }, () => ask('/'))
  const trigger = farmClient({ url: farm.url, token: farm.adminToken })
    .post('/api/v1/projects/{name}/builds', { params: { path: { name: 'sample' } }, body: { ref: 'main' } })
    .catch((error: Error) => error)
  await asked
  postgres.breakConnections()

  expect(await Promise.all(pages)).toEqual([503, 503, 503, 503, 503])
  expect(await trigger).toBeInstanceOf(Error)
  postgres.thaw()
  await eventually('the farm to answer again', async () => ((await ask('/')) === 200 ? true : undefined))
  expect(farm.server.running).toBe(true)
  await farm.close()
  await postgres.close()
  await database.drop()
})

/** The farm packs small commits without a process. */
const manyFiles = Object.fromEntries(Array.from({ length: 501 }, (_, number) => [`${number}.txt`, '']))

/** A git whose `archive` waits until the test releases it. */
function heldGit() {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-git-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const [hold, held] = [join(directory, 'hold'), join(directory, 'held')]
  const path = process.env.PATH ?? ''
  const text = `#!/bin/sh
case " $* " in
  *' archive '*) [ ! -e ${hold} ] || : >${held}; while [ -e ${hold} ]; do sleep 0.05; done ;;
esac
PATH='${path}' exec git "$@"
`
  writeFileSync(join(directory, 'git'), text, { mode: 0o755 })
  return {
    path: `${directory}:${path}`,
    hold: () => writeFileSync(hold, ''),
    release: () => rmSync(hold),
    held: () => eventually('a git that archives', () => existsSync(held) || undefined),
  }
}
