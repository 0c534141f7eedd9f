// A cell with a failure that the farm examines, for tests of bisections.
import { attemptOf, type HostHandle, project, type TestFarm } from './farm-test.ts'

export const commits = Array.from({ length: 17 }, (_, index) => index.toString(16).padStart(2, '0').repeat(20))
export const commitAt = (index: number): string => commits[index] ?? ''

export const cell = { project: 'sample', branch: 'main', host: 'vax', arch: 'amd64', variant: 'default' }

const bisect = { budgetSeconds: 100 * 3600, pauseSeconds: 3600 }
const log = "vm.c:12: error: 'uvmexp' undeclared\n"

/** Whether a run of the commit with this index fails. */
export type Fails = (index: number, commit: string) => boolean

let claims = 0

/** Runs at most `jobsMax` waiting jobs of the host. Returns the indexes of their commits. */
export async function work(farm: TestFarm, host: HostHandle, fails: Fails, jobsMax = 100): Promise<number[]> {
  const ran: number[] = []
  while (ran.length < jobsMax) {
    const offer = await host.claim(++claims)
    if (typeof offer === 'string') break
    farm.wait(60)
    const index = commits.indexOf(offer.commit)
    ran.push(index)
    if (fails(index, offer.commit)) {
      await farm.say(host, offer, log)
      await farm.end(host, offer, { exits: [1], log })
      await farm.failures.examine(attemptOf(offer))
    } else await farm.end(host, offer, { exits: offer.recipe.steps.map(() => 0) })
  }
  return ran
}

/** Prepares the sources of the probes that wait for them. */
export async function prepare(farm: TestFarm): Promise<void> {
  for (const buildId of await farm.builds.listUnprepared()) await farm.builds.markSourcesReady(buildId, { sources: [] })
}

/** Runs all hosts until the bisection ends. Returns the host and the commit of each run. */
export async function run(farm: TestFarm, hosts: readonly HostHandle[], fails: Fails, id: number): Promise<string[]> {
  const ran: string[] = []
  for (let round = 0; round < 200; round++) {
    await farm.bisections.advance(id)
    await prepare(farm)
    for (const host of hosts) for (const index of await work(farm, host, fails)) ran.push(`${host.name} ${index}`)
    if ((await farm.bisections.find(id))?.state === 'finished') return ran
  }
  throw new Error('the bisection does not end')
}

/** Stores the history of the branch. */
export async function readHistory(farm: TestFarm): Promise<void> {
  const newestFirst = [...commits].reverse()
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: newestFirst, complete: true })
}

/** Builds the commits with these indexes on each of the hosts. */
export async function built(farm: TestFarm, names: readonly string[], indexes: readonly number[], fails: Fails) {
  await farm.configure(project({ confirm: 0, bisect }))
  const hosts: HostHandle[] = []
  for (const name of names) hosts.push(await farm.host(name))
  for (const index of indexes) {
    await farm.build(commitAt(index))
    for (const host of hosts) await work(farm, host, fails)
  }
  await readHistory(farm)
  return hosts
}

/** Starts a bisection of the cell, and stores its commits. The commit with the index `merge` is a merge. */
export async function start(farm: TestFarm, { good = 0, bad = 16, merge = -1 } = {}): Promise<number> {
  const started = await farm.bisections.start({ ...cell, startedBy: 'Ada' })
  if (started.kind !== 'started') throw new Error(`start: ${started.kind}`)
  await storeRange(farm, started.id, commits.slice(good, bad + 1), merge - good)
  return started.id
}

/** Stores the commits after the first one as the range of the bisection. */
export const storeRange = (farm: TestFarm, id: number, [base = '', ...range]: readonly string[], merge = -1) =>
  farm.bisections.storeRange(id, {
    kind: 'range',
    base,
    commits: range.map((commit, index) => ({
      commit,
      author: 'A. Author',
      subject: `Change ${index + 1}`,
      isMerge: index + 1 === merge,
      files: ['a.c'],
    })),
  })
