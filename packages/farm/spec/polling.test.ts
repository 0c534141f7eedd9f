import { expect } from 'vitest'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

const [a, b, c] = [commitOf('a'), commitOf('b'), commitOf('c')]
const repository = '/srv/git/sample'
const main = 'refs/heads/main'

/** One look that finds these refs and builds the changes. Returns the changed refs, or undefined if no look was due. */
async function look(farm: TestFarm, refs: Record<string, string>, problem: string | null = null) {
  if (!(await farm.polling.listDue()).includes(repository)) return undefined
  const begun = await farm.polling.begin(repository)
  if (!begun) return undefined
  const found = await farm.polling.compare(begun, { defaultBranch: 'main', commits: new Map(Object.entries(refs)) })
  const handled = problem === null ? found.changes : []
  for (const { ref, after } of handled)
    if (after !== null)
      await farm.push(after, {
        branch: ref.replace('refs/heads/', ''),
        cause: 'poll',
        deliveryId: `${ref} ${after} ${farm.now()}`,
      })
  await farm.polling.end(begun, { found, handled, problem })
  return found.changes.map(({ ref, before, after }) => `${ref} ${before?.[0] ?? '-'} ${after?.[0] ?? '-'}`)
}

const view = async (farm: TestFarm) => (await farm.polling.list('sample'))[0]

farmTest('without poll, the farm looks once at the start, notes the commits, and builds none', async ({ farm }) => {
  await farm.configure()
  expect(await look(farm, { [main]: a })).toEqual([])
  farm.wait(86_400)
  expect(await farm.polling.listDue()).toEqual([])
  expect(await farm.builds.list({ limit: 5 })).toEqual([])
})

farmTest('a push of the downtime is found at the next start', async ({ farm }) => {
  await farm.configure()
  await look(farm, { [main]: a })
  farm.wait(3600)
  await farm.polling.wantLooks()
  expect(await look(farm, { [main]: b })).toEqual([`${main} a b`])
  expect(await farm.builds.list({ limit: 5 })).toMatchObject([{ commit: b, branch: 'main' }])
})

farmTest('the first look of a project with poll builds its main branch, later looks build pushes', async ({ farm }) => {
  await farm.configure(project({ pollSeconds: 300 }))
  expect(await look(farm, { [main]: a, 'refs/heads/release/1': b })).toEqual([`${main} - a`])
  expect(await look(farm, { [main]: a })).toBeUndefined()
  farm.wait(330)
  expect(await look(farm, { [main]: a, 'refs/heads/release/1': c })).toEqual(['refs/heads/release/1 b c'])
  farm.wait(330)
  expect(await look(farm, { [main]: a, 'refs/heads/release/1': c })).toEqual([])
})

farmTest('a look does not build what a webhook has told, even with another recipe', async ({ farm }) => {
  await farm.configure(project({ pollSeconds: 300 }))
  await look(farm, { [main]: a })
  farm.wait(200)
  await farm.push(b)
  await farm.configure(project({ pollSeconds: 300, steps: [{ name: 'build', run: 'make all' }] }))
  farm.wait(200)
  expect(await look(farm, { [main]: b })).toEqual([])
  farm.wait(400)
  expect(await look(farm, { [main]: a })).toEqual([`${main} b a`])
})

farmTest('after a problem, the farm shows it and tries again later and later', async ({ farm }) => {
  await farm.configure(project({ pollSeconds: 300 }))
  await look(farm, { [main]: a })
  farm.wait(330)
  const failedAt = farm.now()
  const begun = await farm.polling.begin(repository)
  if (!begun) throw new Error('the look did not begin')
  await farm.polling.fail(begun, 'no route to host')
  expect(await view(farm)).toMatchObject({ problem: 'no route to host', failingSince: failedAt, everySeconds: 300 })
  farm.wait(330)
  expect(await look(farm, { [main]: b }, 'the commit cannot be fetched')).toEqual([`${main} a b`])
  expect(await view(farm)).toMatchObject({ problem: 'the commit cannot be fetched', failingSince: failedAt })
  const told = farm.events.filter(({ kind }) => kind === 'pages-changed')
  expect(told).toHaveLength(2) // live pages show each problem
  farm.wait(500)
  expect(await look(farm, { [main]: b })).toBeUndefined()
  farm.wait(200)
  expect(await look(farm, { [main]: b })).toEqual([`${main} a b`])
  expect(await view(farm)).toMatchObject({ problem: null, failingSince: null })
})

farmTest('two servers do not look at the same time, and a look of a dead server is repeated', async ({ farm }) => {
  await farm.configure(project({ pollSeconds: 300 }))
  const both = await Promise.all([farm.polling.begin(repository), farm.polling.begin(repository)])
  expect(both.filter(Boolean)).toHaveLength(1)
  farm.wait(901)
  expect(await look(farm, { [main]: a })).toEqual([`${main} - a`])
})

farmTest('two projects share the looks at their repository; without projects there are none', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other', pollSeconds: 60 }))
  expect(await farm.sql('SELECT "everySeconds" FROM "PolledRepository"')).toEqual([{ everySeconds: 60 }])
  await farm.configure(project({ pollSeconds: 0 }))
  expect(await farm.sql('SELECT FROM "PolledRepository"')).toEqual([])
})

farmTest('a new project notes the commits that its repository already had', async ({ farm }) => {
  await farm.configure(project({ pollSeconds: 60 }))
  await look(farm, { [main]: a })
  await farm.configure(project({ pollSeconds: 60 }), project({ name: 'other', branches: ['**'] }))
  farm.wait(70)
  expect(await look(farm, { [main]: a, 'refs/heads/fix': b })).toEqual([])
})
