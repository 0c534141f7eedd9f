import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { agentTest, type Setup } from './support/agent-test.ts'
import type { Job } from './support/attempt.ts'
import { type Host, patienceMs } from './support/host.ts'

const isRoot = process.getuid?.() === 0
const rootTest: typeof agentTest = (sentence, act, options) =>
  isRoot ? agentTest(sentence, act, options) : test.skip(`${sentence} (needs root)`, () => {})

const cacheDir = (host: Host) => join(host.dir, 'work', 'rumpfarm-cache')
/** The places `SLOT/PROJECT/ARCH` that have a cache. */
const caches = (host: Host) =>
  readdirSync(cacheDir(host), { recursive: true, encoding: 'utf8' })
    .filter(path => /^[^/]+\/[^/]+\/[^/]+\/data$/.test(path))
    .map(path => path.slice(0, -'/data'.length))
    .sort()

/** The agent moves the files after the answer to the finish request. */
const keeps = (host: Host, places: string[]) =>
  vi.waitFor(() => expect(caches(host)).toEqual(places), { timeout: patienceMs })

/** Says what the cache had, and adds a line to a file in the cache. */
const use = 'echo "had [$FARM_CACHE]"; cat obj/tools/runs || :; mkdir -p obj/tools; echo run >>obj/tools/runs'
const cached: Job = { steps: { use: `{ ${use}; } 2>/dev/null` }, cache: ['obj/tools'] }
const empty = 'had []\n'
const had = (runs: number) => `had [obj/tools]\n${'run\n'.repeat(runs)}`

/** Changes host.conf. The next job may still run with the old one, so this function runs a job. */
const reconfigure = async (all: Setup, lines: string) => {
  all.host.configure(`arch amd64 native\n${lines}`)
  await run(all, { cache: [], steps: { none: ':' } })
}

/** Runs a job and returns its log. */
const run = async ({ farm }: Setup, job: Partial<Job>): Promise<string> => {
  const attempt = farm.queue({ ...cached, ...job })
  await farm.finished(attempt)
  return attempt.log.toString()
}

agentTest(
  'a job gets the directories that the last job of its project, slot and arch left, by rename',
  async all => {
    const { farm, host, enrolled } = all
    await enrolled()
    const hello = farm.seen.find(({ kind }) => kind === 'hello')
    expect(String(hello?.body)).toMatch(/^cache_mb 100$/m)
    const inode = {
      inode: `${cached.steps.use}; ls -i obj/tools/runs`,
      more: 'mkdir -p .ccache obj/other; echo 1 >.ccache/one',
    }
    const job = { cache: ['obj/tools', '.ccache'], steps: inode }
    const first = await run(all, job)
    expect(first).toMatch(/^had \[\]\n\d+ obj/)
    const second = await run(all, job)
    const inodeOf = (log: string) => /(\d+) obj\/tools\/runs/.exec(log)?.[1]
    expect([second.startsWith('had [obj/tools .ccache]\nrun\n'), inodeOf(second)]).toEqual([true, inodeOf(first)])
    await keeps(host, ['1/sample/amd64'])
    expect(await run(all, { arch: 'arm' })).toBe(empty)
    expect(await run(all, { project: 'other' })).toBe(empty)
    expect(await run(all, { cache: [] })).toBe('had []\n')
    expect(await run(all, {})).toBe(had(2))
    await host.removed('work', `attempt-${farm.attempts.at(-1)?.id}`)
    const check = await host.run(`${host.shell} ${host.dir}/agent.sh check`)
    expect(check.output).toMatch(/^cache 100 MB in .*\/work\/rumpfarm-cache, [1-9] MB used$/m)
    expect(check.output).toMatch(/^deny forks: host.conf has no line allow forks$/m)
  },
  { conf: 'cache 100m\n' },
)

agentTest(
  'a job that fails with a cache, is cancelled or is killed leaves no cache; a job that fails without one leaves its own',
  async all => {
    const { farm, host, enrolled } = all
    farm.next = 200
    await enrolled()
    const fail = { steps: { ...cached.steps, fail: 'exit 3' } }
    expect(await run(all, fail)).toBe(empty)
    expect(await run(all, fail)).toBe(had(1))
    expect(await run(all, {})).toBe(empty)
    expect(await run(all, {})).toBe(had(1))

    const interrupted = async (interrupt: (id: string) => void) => {
      const steps = { use: `${cached.steps.use}; echo half >obj/tools/half; echo ready; sleep 4731` }
      const attempt = farm.queue({ ...cached, steps })
      await farm.logged(attempt, 'ready')
      interrupt(attempt.id)
      await farm.finished(attempt)
      expect(attempt.log.toString()).toMatch(/^had \[obj\/tools\]\n/)
      expect(caches(host)).toEqual([])
      expect(await run(all, {})).toBe(empty)
    }
    await interrupted(id => {
      const attempt = farm.attempts.find(attempt => attempt.id === id)
      if (attempt) attempt.cancel = 'cancelled'
    })
    const runner = `$(ls -t ${host.dir}/slot-1/*/runner | head -n 1)`
    await interrupted(() => host.send(`kill -s KILL $(cut -d ' ' -f 1 ${runner})`))
  },
  { conf: 'cache 1g\n' },
)

rootTest(
  'code from forks gets no cache, and the paths of a cache stay inside the work directory',
  async all => {
    const { host, enrolled } = all
    chmodSync(host.folder, 0o755)
    await enrolled()
    expect(await run(all, {})).toBe(empty)
    const fork = { fork: true, steps: { use: 'env | grep FARM_CACHE || echo unset; ls obj || mkdir -p obj/tools' } }
    expect(await run(all, fork)).toMatch(/^unset\nls: /)
    expect(await run(all, {})).toBe(had(1))
    const outside = {
      steps: { use: 'env | grep FARM_CACHE || echo unset' },
      cache: ['../out', '/etc', 'a/../../b', '-x', './c', 'e;f'],
    }
    expect(await run(all, { ...outside, project: 'outside' })).toMatch(/^unset\n$/)
    await keeps(host, ['1/sample/amd64'])

    // Without run_as, code from a fork would run as the agent's user, who can change every cache.
    await reconfigure(all, 'cache 1g\nallow forks\n')
    expect(await run(all, outside)).toBe('unset\n')
    const check = await host.run(`${host.shell} ${host.dir}/agent.sh check`)
    expect(check.output).toMatch(/^allow forks\ncache no: code from forks could change it; set run_as$/m)
    expect(existsSync(cacheDir(host))).toBe(false)
  },
  { conf: 'cache 1g\nallow forks\nrun_as nobody\n' },
)

agentTest(
  'the agent does not replace a path that the sources have, does not follow links, and keeps odd names exactly',
  async all => {
    const { farm, host, enrolled } = all
    await enrolled()
    writeFileSync(join(host.folder, 'precious'), 'mine\n')
    const job = {
      sources: { src: { 'obj/tools/from-source': 'tracked\n' } },
      cache: ['obj/tools', 'link/sub', 'odd'],
      steps: {
        look: `echo "had [$FARM_CACHE]"; ls obj/tools; ls -b odd 2>/dev/null || :`,
        make: `: >obj/tools/made; ln -s ${host.folder} link; mkdir -p odd; printf x >"odd/a b
c"; printf x >"odd/$(printf '\\377')"; ln -s nowhere odd/dangling; chmod 2751 odd`,
      },
    }
    await run(all, job)
    const again = farm.queue({ ...cached, ...job, steps: { look: job.steps.look, mode: 'ls -ld odd' } })
    await farm.finished(again)
    expect(again.log.toString()).toMatch(/^had \[odd\]\nfrom-source\na\\ b\\nc\ndangling\n\\377\ndrwxr-s--x /)
    expect(readFileSync(join(host.folder, 'precious'), 'utf8')).toBe('mine\n')
  },
  { conf: 'cache 1g\n' },
)

agentTest(
  'the agent removes the caches that were not used for the longest time, and a cache above the limit',
  async all => {
    const { host, enrolled } = all
    await enrolled()
    const fill = (project: string, megabytes: number) =>
      run(all, {
        project,
        steps: {
          fill: `mkdir -p obj/tools; dd if=/dev/zero of=obj/tools/big bs=1048576 count=${megabytes} 2>/dev/null`,
        },
      })
    await fill('one', 4)
    await fill('two', 4)
    await keeps(host, ['1/one/amd64', '1/two/amd64'])
    await fill('three', 4)
    await host.line(/removing the cache 1\/one\/amd64 \(5 MB\): the limit is 12 MB/)
    await fill('four', 20)
    await host.line(/removing the cache 1\/four\/amd64 \(21 MB\): the limit is 12 MB/)
    await host.run(`while [ -e ${cacheDir(host)}/1/four ]; do sleep 0.02; done`)
    await keeps(host, ['1/three/amd64', '1/two/amd64'])
    await reconfigure(all, 'cache no\n')
    expect(await run(all, { project: 'two' })).toBe('had []\n')
    expect(existsSync(cacheDir(host))).toBe(false)
  },
  { conf: 'cache 12m\n' },
)

agentTest(
  'the agent removes the caches of projects that the farm no longer has',
  async all => {
    const { farm, host, enrolled } = all
    await enrolled()
    await run(all, { project: 'gone' })
    await run(all, { project: 'kept' })
    const again = async (line: string) => {
      const before = farm.count('hello')
      host.configure(`arch amd64 native\ncache 1g\n${line}\n`)
      await run(all, { project: 'third', cache: [] })
      await farm.until('a hello', () => farm.count('hello') > before)
      await run(all, { project: 'third', cache: [] })
    }
    await again('nice 1') // a farm that does not send the list
    await keeps(host, ['1/gone/amd64', '1/kept/amd64'])
    farm.caches = ['kept', 'new']
    await again('nice 2')
    await keeps(host, ['1/kept/amd64'])
  },
  { conf: 'cache 1g\n' },
)

rootTest(
  'with run_as, a job cannot read the caches of other projects, and its own cache works',
  async all => {
    const { farm, host, enrolled } = all
    chmodSync(host.folder, 0o755)
    await enrolled()
    expect(await run(all, { project: 'other' })).toBe(empty)
    expect(await run(all, {})).toBe(empty)
    const look = `${cached.steps.use}; id -u; cd ${host.dir}/work && cd rumpfarm-cache && find . || echo no`
    const attempt = farm.queue({ ...cached, steps: { look } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toMatch(/^had \[obj\/tools\]\nrun\n65534\n(\.|.*\nno)\n$/)
    await keeps(host, ['1/other/amd64', '1/sample/amd64'])
    // A different user could not use these files.
    await reconfigure(all, 'cache 1g\nrun_as daemon\n')
    expect(await run(all, {})).toBe(empty)
    expect(await run(all, {})).toBe(had(1))
  },
  { conf: 'cache 1g\nrun_as nobody\n' },
)
