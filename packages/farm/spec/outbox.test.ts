import { expect } from 'vitest'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'
import { configureWith, deliverAll, examineAll, mailTo, runNext, undeclared } from './outbox-farm.ts'

/** Opens one problem, whose message waits in the outbox. */
async function oneProblem(farm: TestFarm) {
  await configureWith(farm, [mailTo()])
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  await farm.build(commitOf('b'))
  await runNext(farm, vax, undeclared('x'))
  await examineAll(farm)
  return vax
}

/** Adds problems and their messages, as many transactions would. */
const addProblems = (farm: TestFarm, count: number) =>
  farm.sql(`
    WITH opened AS (
      INSERT INTO "Problem" ("projectName", "branch", "key", "step", "verdict", "openedAt", "openedBuildId")
      SELECT 'sample', 'main', 'key ' || n, 'build', 'failed', '2024-05-06T07:08:09Z', 1 FROM generate_series(1, ${count}) n RETURNING "id"
    ), member AS (
      INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number",
             "sinceBuildId", "sinceCommit", "sinceAt")
      SELECT "id", 'sample', 'main', 1, 'arch' || "id", 'default', 1, 1, 1, '${commitOf('b')}', '2024-05-06T07:08:09Z' FROM opened
    )
    INSERT INTO "Notification" ("event", "projectName", "branch", "problemId", "subject", "channel", "thread", "createdAt", "nextAt")
    SELECT 'newly-failing', 'sample', 'main', "id", 'problem:' || "id" || ':opened', (SELECT "key" FROM "Channel" LIMIT 1),
           'problem:' || "id", '2024-05-06T07:08:09Z', '2024-05-06T07:08:09Z' FROM opened`)

farmTest(
  '1,000 failures at once make one message, and a repeated try has the same id and the same rows',
  async ({ farm }) => {
    await configureWith(farm, [mailTo()])
    await farm.host('vax')
    await addProblems(farm, 1000)
    expect(await deliverAll(farm, () => false)).toEqual([])
    await addProblems(farm, 0)
    farm.wait(120)
    const sent = await deliverAll(farm)
    expect(sent.map(({ title, rows }) => [title, rows])).toEqual([['[sample main] 1,000 new problems', 1000]])
    expect(sent[0]?.lines.at(-1)).toBe('and 980 more messages')
    expect(sent[0]?.id).toMatch(/^bundle-1-\d+$/)
  },
)

farmTest('a receiver that is away for an hour misses nothing and gets nothing twice', async ({ farm }) => {
  await oneProblem(farm)
  const start = farm.now().getTime()
  const ids: string[] = []
  const received: string[] = []
  while (farm.now().getTime() - start < 3 * 3_600_000) {
    const isAway = farm.now().getTime() - start < 3_600_000
    const sent = await deliverAll(farm, ({ id }) => {
      ids.push(id)
      return !isAway
    })
    received.push(...sent.map(({ title }) => title))
    farm.wait(30)
  }
  expect(received).toEqual(['[sample main] build step fails since bbbbbbb on vax'])
  expect(new Set(ids).size, 'each try has the same id').toBe(1)
  expect(ids.length).toBeGreaterThan(4)
})

farmTest(
  'a process that dies between commit and delivery loses nothing: the next run delivers the row',
  async ({ farm }) => {
    await oneProblem(farm)
    const taken = await farm.notifications.takeDue() // this process dies now
    expect(taken).toHaveLength(1)
    farm.wait(119)
    expect(await farm.notifications.takeDue(), 'the first process may still be sending').toEqual([])
    farm.wait(1)
    const again = await deliverAll(farm)
    expect(again.map(({ id }) => id)).toEqual([taken[0]?.id])
  },
)

farmTest('two servers never take the same message', async ({ farm }) => {
  await configureWith(farm, [mailTo()])
  await farm.host('vax')
  await addProblems(farm, 5)
  const taken = await Promise.all([1, 2, 3].map(() => farm.notifications.takeDue()))
  expect(
    taken
      .flat()
      .flatMap(({ rows }) => rows.map(({ id }) => id))
      .sort(),
  ).toEqual([1, 2, 3, 4, 5])
})

farmTest('the message about a fix waits for the message about the failure', async ({ farm }) => {
  const vax = await oneProblem(farm)
  expect(await deliverAll(farm, () => false)).toEqual([])
  await farm.build(commitOf('c'))
  await runNext(farm, vax)
  expect(await deliverAll(farm)).toEqual([])
  farm.wait(120)
  expect((await deliverAll(farm)).map(({ title }) => title)).toEqual([
    '[sample main] build step fails since bbbbbbb on vax',
    '[sample main] build step passes again on 1 host',
  ])
})

farmTest('a message waits notify-after, so that it names all hosts', async ({ farm }) => {
  await oneProblem(farm)
  await farm.sql('UPDATE "Configuration" SET "notifyAfterSeconds" = 60')
  await farm.sql('DELETE FROM "Notification"; DELETE FROM "Problem"')
  const sun = await farm.host('sun')
  await farm.build(commitOf('c'))
  await runNext(farm, sun)
  await farm.build(commitOf('d'))
  await runNext(farm, sun, undeclared('y'))
  await examineAll(farm)
  farm.wait(59)
  expect(await deliverAll(farm)).toEqual([])
  farm.wait(1)
  expect(await deliverAll(farm)).toHaveLength(1)
})

farmTest('the farm gives up after a day, and Retry sends the message again', async ({ farm }) => {
  await oneProblem(farm)
  for (let tries = 0; tries < 30; tries++) {
    await deliverAll(farm, () => false)
    farm.wait(7200)
  }
  expect(await farm.notifications.list({ limit: 9 })).toMatchObject([
    { state: 'failed', failure: 'it cannot be reached' },
  ])
  const [{ id = 0 } = {}] = await farm.notifications.list({ limit: 1 })
  expect(await farm.notifications.retry(id)).toEqual({ kind: 'retried' })
  expect(await deliverAll(farm)).toHaveLength(1)
  expect(await farm.notifications.retry(id)).toEqual({ kind: 'delivered-already' })
  expect(await farm.notifications.retry(99)).toEqual({ kind: 'unknown' })
})

farmTest('a receiver that answers 410 gets no further messages until a test arrives', async ({ farm }) => {
  const target = { kind: 'webhook', url: 'https://x.example.org/secret-path', secret: '$NOTIFY_X' } as const
  await configureWith(farm, [{ target, events: ['newly-failing', 'fixed'] }])
  const vax = await farm.host('vax')
  const run = async (letter: string, log?: string) => {
    await farm.build(commitOf(letter))
    await runNext(farm, vax, log)
    await examineAll(farm)
  }
  await run('a')
  await run('b', undeclared('x'))
  const [message] = await farm.notifications.takeDue()
  if (message) await farm.notifications.markFailed(message, { problem: 'it answered with status 410', permanent: true })
  await run('c')
  expect(await deliverAll(farm)).toEqual([])
  const [channel] = await farm.notifications.channels()
  expect(channel).toMatchObject({ label: 'https://x.example.org', failure: 'it answered with status 410' })
  expect(await farm.notifications.sendTest('none')).toBeUndefined()
  await farm.notifications.sendTest(channel?.key ?? '')
  expect((await deliverAll(farm)).map(({ title }) => title)).toEqual(['Test message of the farm'])
  expect((await farm.notifications.channels())[0]?.disabledAt).toBeNull()
  await run('d', undeclared('x'))
  expect(await deliverAll(farm)).toHaveLength(1)
})

farmTest('a receiver that asks for a pause gets the next try after the pause', async ({ farm }) => {
  await oneProblem(farm)
  const [message] = await farm.notifications.takeDue()
  if (message)
    await farm.notifications.markFailed(message, { problem: 'slow down', permanent: false, retryAfterSeconds: 600 })
  farm.wait(599)
  expect(await deliverAll(farm)).toEqual([])
  farm.wait(1)
  expect(await deliverAll(farm)).toHaveLength(1)
})

farmTest('a channel that left farm.yaml receives no more messages', async ({ farm }) => {
  await oneProblem(farm)
  await configureWith(farm, [])
  const [message] = await farm.notifications.takeDue()
  expect(message?.target).toBeUndefined()
  expect(await farm.notifications.channels()).toEqual([])
})
