import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'

const message = "/var/farm/work/attempt-1.1/src/a.c:12:3: error: 'x' undeclared"
const log = `compiling\n${message}\n    12 |   x = 1;\n*** Error code 1\n`

/** Stores what the examination of a failed log stores. */
const storeFailure = (server: TestServer, jobId: number, changes: Record<string, unknown> = {}) => {
  const excerpt = { firstLine: 1, lines: log.trimEnd().split('\n') }
  const others = [{ line: 4, text: '*** Error code 1' }]
  const row: Record<string, unknown> = { fingerprint: 'f1', exit: 139, errors: 40, fromHost: false, ...changes }
  const quote = (value: unknown) => `'${String(value).replaceAll("'", "''")}'`
  return server.sql(`INSERT INTO "Failure" SELECT job.id, 1, 'sample', job."buildId", job."hostId", job.arch, job.variant,
    'build', ${row.exit}, ${quote(row.fingerprint)}, 'C1', NULL, 'text', ${quote(message)}, 2,
    ${quote(JSON.stringify(excerpt))}, ${quote(JSON.stringify(others))}, ${row.errors}, ${row.fromHost}, now()
    FROM "Job" job WHERE id = ${jobId}`)
}

const text = (html: string) =>
  html
    .replace(/<(script|details)[^>]*>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ')
    .replaceAll(' .', '.')

serverTest('the page of a failed job shows the first error, and where else it occurs', async ({ server }) => {
  await server.configure()
  const hosts = [await server.host('alpha'), await server.host('pdp'), await server.host('vax')]
  const fail = async (job: number) => {
    const host = hosts[(job - 1) % 3]
    const offer = await host?.take(`${job}.1`)
    if (!host || !offer) throw new Error(`no host for job ${job}`)
    await host.say(offer, log)
    await host.end(offer, { exits: [139], log })
  }
  await server.build()
  await Promise.all([1, 2, 3].map(fail))
  await storeFailure(server, 1)
  await storeFailure(server, 2)
  await storeFailure(server, 3, { fingerprint: 'f2' })

  const { body } = await server.ask('/jobs/1')
  const words = text(body)
  expect(words).toContain("First error line 2 $FARM_WORK/src/a.c:12:3: error: 'x' undeclared")
  expect(words).toContain('Step build ended with exit code 139 (killed by SIGSEGV, segmentation fault).')
  expect(words).toContain('The same error is on 2 of 3 hosts. No earlier build had this error.')
  expect(body).toContain('href="/jobs/1/attempts/1?lines=2#L2"')
  expect(body).toContain('1 further error of 39')
  expect(words).toContain('40 errors (2 with a link) · first: line 2 · next: line 4')
  expect(body).toContain('class="line err" id=L2')
  expect(words).not.toContain('Probably the host')

  server.repository.commit('Second')
  await server.build()
  await fail(4)
  await storeFailure(server, 4, { fromHost: true })
  await server.sql(`UPDATE "Failure" SET "skippedBytes" = 3500000 WHERE "jobId" = 4`)
  const again = text((await server.ask('/jobs/4')).body)
  expect(again).toContain('Seen before in build 1.')
  expect(again).toContain('Probably the host:')
  expect(words).not.toContain('skipped')
  expect(again).toContain('it skipped 3.5 MB between them')
})
