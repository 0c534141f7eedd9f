import { setTimeout as sleep } from 'node:timers/promises'
import { scriptProject } from '../support/farm-fixture.ts'
import { faults } from './faults.ts'
import { type Random, seeded } from './random.ts'
import type { StorageKind } from './storages.ts'
import { checkWork, requestWork, type Work } from './work.ts'
import { openWorld, type World } from './world.ts'

interface Common {
  seed: number
  minutes: number
  hosts: number
  /** Only faults whose names contain this text. */
  only?: string | undefined
}

/** The options of `./farm chaos`: one run for each number of servers with each storage. */
export interface ChaosChoice extends Common {
  servers: number[]
  storages: StorageKind[]
}

export interface ChaosOptions extends Common {
  servers: number
  storage: StorageKind
  say(line: string): void
}

export interface ChaosResult {
  jobs: number
  faults: number
  /** What is wrong at the end; empty if nothing is. */
  wrong: string[]
}

/**
 * Breaks the parts of a farm again and again, while its hosts run jobs. After the last fault every job must end with its
 * right verdict, log and file. The same seed chooses the same faults, but the times differ.
 */
export async function runChaos({ seed, minutes, hosts, only, say, ...parts }: ChaosOptions): Promise<ChaosResult> {
  const random = seeded(seed)
  const project = scriptProject({ artifacts: ['file.txt'], confirm: 0 })
  const world = await openWorld({ ...parts, hosts, project })
  try {
    const until = Date.now() + minutes * 60_000
    const possible = faults.filter(({ fits }) => fits?.(world) ?? true)
    const chosen = possible.filter(({ name }) => only === undefined || name.includes(only))
    if (chosen.length === 0) throw new Error(`no fault has "${only}" in its name`)
    const breaking = breakThings(world, chosen, { random, until, say })
    const works = await work(world, seeded(seed + 1), until)
    const count = await breaking
    say(`${works.length} jobs and ${count} faults; waiting for the last jobs`)
    const wrong: string[] = []
    for (const work of works) wrong.push(...(await checkWork(work))) // one after the other: a client has a limit
    wrong.push(...(await wrongRows(world)))
    if (wrong.length > 0) say(world.farm.story())
    return { jobs: works.length, faults: count, wrong }
  } finally {
    await world.close()
  }
}

/** Every host always has a few jobs to do. */
async function work(world: World, random: Random, until: number): Promise<Work[]> {
  const works: Work[] = []
  while (Date.now() < until) {
    works.push(await requestWork(world, random, works.length + 1))
    await sleep(random.whole(500, 4_000))
  }
  return works
}

interface Breaking {
  random: Random
  until: number
  say(line: string): void
}

async function breakThings(world: World, chosen: typeof faults, { random, until, say }: Breaking): Promise<number> {
  let count = 0
  for (; Date.now() < until; count++) {
    await sleep(random.whole(500, 6_000))
    const fault = random.pick(chosen)
    const began = Date.now()
    await fault.run(world, random)
    say(`${fault.name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  }
  return count
}

/** What the rows must never say when nothing is left to do. */
const rules: readonly { says: string; rows: string }[] = [
  {
    says: 'an attempt is open',
    rows: `SELECT "jobId", "number" FROM "Attempt" WHERE "state" <> 'finished'`,
  },
  {
    says: 'the status of a job is not the verdict of its newest attempt',
    rows: `SELECT j."id" FROM "Job" j WHERE j."status" IS DISTINCT FROM (
      SELECT a."verdict"::text FROM "Attempt" a WHERE a."jobId" = j."id" ORDER BY a."number" DESC LIMIT 1)`,
  },
  {
    says: 'a slot of a host holds two attempts',
    rows: `SELECT "hostId", "slot" FROM "Attempt" WHERE "state" IN ('leased', 'running')
      GROUP BY "hostId", "slot" HAVING count(*) > 1`,
  },
]

async function wrongRows({ farm }: World): Promise<string[]> {
  const found = await Promise.all(
    rules.map(async ({ says, rows }) => {
      const wrong = await farm.sql<object>(rows)
      return wrong.length > 0 ? [`${says}: ${JSON.stringify(wrong.slice(0, 5))}`] : []
    }),
  )
  return found.flat()
}
