// A pull request from a fork with a real server, a real git server and real agents. Its code tries to read secrets.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { gitEnvironment, Repository } from '../support/repository.ts'
import { eventually } from '../support/waiting.ts'

const native = 'arch amd64 native\n'
const secret = 'only-for-the-server'

interface RequestAnswer {
  approval: string | null
  buildId: number | null
  headCommit: string
  problem: string | null
  state: string
}

const path = '/api/v1/projects/sample/pull-requests/7'
const requestBecomes = (farm: TestFarm, what: string, holds: (request: RequestAnswer) => boolean) =>
  eventually(what, async () => {
    const request = await farm
      .api()
      .get<RequestAnswer>(path)
      .catch(() => undefined)
    return request && holds(request) ? request : undefined
  })

/** A clone of the project's repository that somebody else owns, and its pull request at the forge. */
function fork(farm: TestFarm): { push: (script: string) => string } {
  const directory = join(farm.directory, 'fork')
  const own = farm.repository('sample')
  mkdirSync(directory)
  execFileSync('git', ['clone', '--quiet', own.directory, directory], {
    env: { PATH: process.env.PATH, ...gitEnvironment },
  })
  const clone = new Repository(directory)
  return {
    push: script => {
      const commit = clone.commit({ 'job.sh': script })
      own.git('fetch', '--quiet', directory, `+${commit}:refs/pull/7/head`)
      return commit
    },
  }
}

/** The forge sends an event about the pull request. */
const announce = (farm: TestFarm, commit: string, state = 'open') =>
  farm.sql(`
  INSERT INTO "PullRequest" ("projectName", "number", "title", "author", "baseBranch", "headBranch", "headCommit", "headUrls", "fork", "url",
         "headRef", "mergeRef", "state", "openedAt", "changedAt", "examineAt")
  VALUES ('sample', 7, 'Fix the parser', 'eve', 'main', 'main', '${commit}', '{}', true, NULL, 'refs/pull/7/head', 'refs/pull/7/merge',
          '${state}', now(), now(), now())
  ON CONFLICT ("projectName", "number") DO UPDATE SET "version" = "PullRequest"."version" + 1, "examineAt" = now()`)

/** Looks for everything that a job must not see, and fails if it finds something. */
const spy = (agentDirectory: string) => `
found=0
look() { if [ -n "$2" ]; then echo "SEEN $1: $2"; found=1; fi; }
for file in "${agentDirectory}"/private/credential "$HOME"/.rumpfarm/private/credential; do
  look credential "\`cat "$file" 2>/dev/null\`"
done
look environment "\`env | grep -E '${secret}|ADMIN_TOKEN|DATABASE_URL|STATUS_|NOTIFY_|WEBHOOK_|REDIS_URL|_TOKEN='\`"
look cache "\`env | grep FARM_CACHE\`"
echo "number=$FARM_PULL_REQUEST branch=$FARM_BRANCH"
exit $found
`

farmTest(
  'the code of a fork runs after an approval, on a host that allows forks, and finds no secret',
  {
    queues: 'postgres',
    environment: { STATUS_FORGE: secret, NOTIFY_CHAT: secret },
    projects: { sample: { steps: [{ job: 'sh ./job.sh' }], 'pull-requests': {} } },
  },
  async farm => {
    farm.repository('sample').commit({ 'job.sh': 'true' })
    const plain = await farm.host('plain', { conf: native })
    const open = await farm.host('open', { conf: `${native}allow forks\n` })
    const eve = fork(farm)
    const commit = eve.push(spy(open.dir))
    await announce(farm, commit)
    await requestBecomes(farm, 'the approval to be asked for', ({ approval }) => approval === 'waiting')
    expect(await farm.api().get<{ items: object[] }>('/api/v1/builds')).toMatchObject({ items: [] })

    await farm.api().post(`${path}/approve`, { commit })
    const { buildId } = await requestBecomes(farm, 'a build', request => request.buildId !== null)
    const build = await farm.build(buildId ?? 0).view()
    expect(build.jobs.map(({ host }) => host)).toEqual(['open'])
    const job = farm.job(build.jobs[0]?.id ?? 0)
    const { verdict } = await job.finished()
    const log = (await job.log()).toString()
    expect(log).toContain('number=7 branch=\n')
    expect([verdict, log.match(/SEEN.*/g)]).toEqual(['passed', null])
    expect(plain.said).not.toContain(`attempt ${job.id}.`)

    const next = eve.push('echo again')
    await announce(farm, next)
    const asked = await requestBecomes(farm, 'the next commit', ({ headCommit }) => headCommit === next)
    expect(asked).toMatchObject({ approval: 'waiting', buildId: null })
    expect(await farm.sql<{ name: string }>('SELECT "branch" AS "name" FROM "Cell"')).toEqual([])
  },
)

farmTest(
  'an agent refuses the code of a fork that its owner does not allow, even if the farm offers it',
  {
    queues: 'postgres',
    projects: { sample: { steps: [{ job: 'sh ./job.sh' }], 'pull-requests': { 'from-forks': 'always' } } },
  },
  async farm => {
    farm.repository('sample').commit({ 'job.sh': 'true' })
    await farm.host('vax', { conf: native })
    await eventually('the host at the farm', async () => (await farm.sql<{ id: number }>('SELECT "id" FROM "Host"'))[0])
    await farm.sql(`UPDATE "Host" SET "rules" = '[{"verb": "allow-forks", "project": "*", "branches": []}]'`)
    await announce(farm, fork(farm).push('echo evil'))
    const { buildId } = await requestBecomes(farm, 'a build', request => request.buildId !== null)
    const [job] = (await farm.build(buildId ?? 0).view()).jobs
    const ended = await farm.job(job?.id ?? 0).finished()
    expect(ended).toMatchObject({ verdict: 'broken', attempts: [{ reason: 'refused' }] })
  },
)
