import { expect } from 'vitest'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'
import { configureWith, examineAll, runNext, undeclared } from './outbox-farm.ts'

const repository = '/srv/git/sample'
const commit = (letter: string, parent: string | null, authorMail: string | null) => ({
  commit: commitOf(letter),
  parent: parent === null ? null : commitOf(parent),
  author: `Author ${letter}`,
  authorMail,
  subject: `Subject ${letter}`,
  committedAt: new Date('2024-05-06T07:08:09Z'),
})

/** Builds commit a, which passes, and then commit `bad`, which fails. Returns whom the message reaches. */
async function broken(farm: TestFarm, commits: ReturnType<typeof commit>[], bad: string) {
  await configureWith(farm, [{ target: { kind: 'authors' }, events: ['newly-failing', 'bisected'] }])
  await farm.commits.store(repository, commits)
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await runNext(farm, vax)
  await farm.build(commitOf(bad))
  await runNext(farm, vax, undeclared('x'))
  await examineAll(farm)
  const due = await farm.notifications.takeDue()
  expect(due.map(({ target, event }) => [target, event])).toEqual([[{ kind: 'authors' }, 'newly-failing']])
  const [message] = due
  return message && farm.notifications.authorOf(message)
}

farmTest('the author of the only commit receives the message, and no list has the address', async ({ farm }) => {
  const found = await broken(farm, [commit('a', null, null), commit('b', 'a', 'ada@example.org')], 'b')
  expect(found).toEqual({ address: 'ada@example.org' })
  const shown = [
    await farm.notifications.list({ limit: 9 }),
    await farm.notifications.channels(),
    await farm.commits.between({ repository, after: commitOf('a'), until: commitOf('b') }),
  ]
  expect(JSON.stringify(shown)).toContain('author of bbbbbbbbbb')
  expect(JSON.stringify(shown)).not.toContain('ada@')
})

farmTest('if several commits are left, no author receives a message', async ({ farm }) => {
  const commits = [commit('a', null, null), commit('b', 'a', 'ada@example.org'), commit('c', 'b', 'eve@example.org')]
  expect(await broken(farm, commits, 'c')).toEqual({ note: 'several commits are left since the last good build' })
})

farmTest('a noreply address and an unknown address receive nothing, with a reason', async ({ farm }) => {
  const commits = [commit('a', null, null), commit('b', 'a', '1+ada@users.noreply.github.com')]
  expect(await broken(farm, commits, 'b')).toEqual({
    note: 'the author of bbbbbbbbbb receives no mail: it is a noreply address',
  })
  await farm.sql('UPDATE "Commit" SET "authorMail" = NULL')
  farm.wait(120)
  const [message] = await farm.notifications.takeDue()
  expect(message && (await farm.notifications.authorOf(message))).toEqual({
    note: "the farm does not know the author's address of bbbbbbbbbb",
  })
})

farmTest('many failures since one commit are one message to its author', async ({ farm }) => {
  await broken(farm, [commit('a', null, null), commit('b', 'a', 'ada@example.org')], 'b')
  await farm.sql(`
    WITH opened AS (
      INSERT INTO "Problem" ("projectName", "branch", "key", "step", "verdict", "openedAt", "openedBuildId")
      SELECT 'sample', 'main', 'key ' || n, 'build', 'failed', '2024-05-06T07:08:09Z', 2 FROM generate_series(1, 50) n RETURNING "id"
    ), member AS (
      INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number",
             "sinceBuildId", "sinceCommit", "sinceAt", "lastGoodBuildId")
      SELECT "id", 'sample', 'main', 1, 'arch' || "id", 'default', 2, 1, 2, '${commitOf('b')}', '2024-05-06T07:08:09Z', 1 FROM opened
    )
    INSERT INTO "Notification" ("event", "projectName", "branch", "problemId", "subject", "channel", "thread", "createdAt", "nextAt")
    SELECT 'newly-failing', 'sample', 'main', "id", 'problem:' || "id" || ':opened', 'authors:${commitOf('b')}',
           'problem:' || "id", '2024-05-06T07:08:09Z', '2024-05-06T07:08:09Z' FROM opened`)
  const due = await farm.notifications.takeDue()
  expect(due.map(({ rows }) => rows.length)).toEqual([50])
  const [message] = due
  expect(message && (await farm.notifications.authorOf(message))).toEqual({ address: 'ada@example.org' })
})
