// A farm moves from one version to the next: real servers of both, from the history of this clone.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, onTestFailed, test } from 'vitest'
import { startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import { balancerRestMs, startBalancer } from '../servers/balancers.ts'
import { scriptProject, TestFarm } from '../support/farm-fixture.ts'
import { freePort, type Program } from '../support/program.ts'
import { newestStep, ready, startVersion } from './versions.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A farm with two places for servers behind nginx. `start` starts a version at a place. */
async function openFarm() {
  const database = await startTemporaryPostgres()
  closing.push(() => database.stop())
  const farm = await TestFarm.prepare({
    databaseUrl: database.url,
    projects: { sample: scriptProject({ artifacts: ['out'] }) },
  })
  closing.push(() => farm.close())
  const ports = [await freePort(), await freePort()]
  const port = await freePort()
  const running: Program[] = []
  closing.push(() => Promise.all(running.map(server => server.kill9())))
  const begin = (place: number, commit: string) => {
    const server = startVersion(commit, {
      ...{ HOST: '127.0.0.1', PORT: String(ports[place]), SERVER_NAME: `server-${place + 1}`, TRUST_PROXY: 'true' },
      ...{ DATABASE_URL: database.url, ADMIN_TOKEN: farm.adminToken, FARM_FILE: farm.farmFile },
      ...{ RUMPFARM_DATA: `${farm.directory}/data`, PUBLIC_URL: `http://127.0.0.1:${port}` },
    })
    running[place] = server
    onTestFailed(() => console.error(`server ${place + 1} said:\n${server.lines.slice(-30).join('\n')}`))
    return server
  }
  const url = (place: number) => `http://127.0.0.1:${ports[place]}`
  const start = async (place: number, commit: string) => {
    await ready(url(place), begin(place, commit))
    await sleep(balancerRestMs)
  }
  const balance = async () => {
    const [one = '', other = ''] = ports.map(each => `127.0.0.1:${each}`)
    const servers = [one, other, other] // the configuration of the documentation has three
    const balancer = await startBalancer('nginx', { servers, port, directory: farm.directory })
    closing.push(() => balancer.kill9())
    farm.use(`http://127.0.0.1:${port}`)
  }
  return { farm, running, url, begin, start, balance }
}

const counting = (upTo: number) =>
  `i=0; while [ $i -lt ${upTo} ]; do i=$((i+1)); echo line $i; sleep 0.1; done; echo done >out\n`
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `line ${i + 1}\n`).join('')

const expanding = newestStep('expands')
test.skipIf(!expanding)(
  'two servers move to the next version one after the other across a migration, and jobs continue',
  async () => {
    const { before = '', after = '', name } = expanding ?? {}
    const { farm, running, url, start, balance } = await openFarm()
    await start(0, before)
    await start(1, before)
    await balance()
    for (const host of ['vax', 'alpha']) await farm.host(host)
    const long = await farm.push(counting(600))
    const jobs = await long.jobs()
    for (const job of jobs) await job.logged('line 3\n')
    const builds = [long]
    for (const place of [0, 1]) {
      await running[place]?.stop()
      builds.push(await farm.push(`echo while server ${place + 1} is away >out\n`))
      await start(place, after)
      const pages = await Promise.all([0, 1].map(async each => (await fetch(`${url(each)}/builds`)).status))
      expect(pages, `after server ${place + 1} has applied ${name}`).toEqual([200, 200])
    }
    for (const build of builds)
      for (const job of await build.jobs()) {
        const { verdict, attempts } = await job.finished()
        expect([verdict, attempts.length]).toEqual(['passed', 1])
        expect((await job.artifact('out')).length).toBeGreaterThan(0)
      }
    for (const job of jobs) expect((await job.log()).toString()).toBe(counted(600))
  },
  1_200_000,
)

const breaking = newestStep('breaks')
test.skipIf(!breaking)(
  'a version with a migration that breaks the older one does not start beside it, and says what to stop',
  async () => {
    const { before = '', after = '', name = '' } = breaking ?? {}
    const { farm, running, url, begin, start, balance } = await openFarm()
    await start(0, before)
    await balance()
    await farm.host('vax')
    const build = await farm.push(counting(400))
    const job = await build.job()
    await job.logged('line 3\n')
    const refused = begin(1, after)
    const words = await refused.line(
      'why it ends',
      line => /migration \w+ changes something .*/.exec(line)?.[0],
      0,
      300_000,
    )
    expect(words).toContain(`migration ${name} changes something that server-1 still uses`)
    await expect.poll(() => refused.running, { timeout: 20_000 }).toBe(false)
    expect((await fetch(`${url(0)}/builds`)).status).toBe(200)
    await running[0]?.stop()
    await start(1, after)
    const { verdict, attempts } = await job.finished()
    expect([verdict, attempts.length]).toEqual(['passed', 1])
    expect((await job.log()).toString()).toBe(counted(400))
  },
  1_200_000,
)
