import { expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'
import type { WireHost } from '../support/wire-host.ts'

const step = { steps: [{ job: 'sh ./job.sh' }], branches: ['main', 'feature/**'] }
const farm = sharedFarm({ projects: { forced: step, old: step, mixed: step } })

interface Cell {
  branch: string
  last: { commit: string; verdict: string } | null
}

/** Waits until the cell of a branch shows the result of a commit. */
const shows = (project: string, commit: string, verdict: string, branch = 'main') =>
  eventually(`${project} ${branch}: ${verdict} at ${commit}`, async () => {
    const { cells } = await farm()
      .api()
      .get<{ cells: Cell[] }>(`/api/v1/matrix?project=${project}&branch=${branch}`)
      .catch(() => ({ cells: [] }))
    return cells.find(({ last }) => last?.commit === commit && last.verdict === verdict)
  })

let claims = 0
const ends = async (host: WireHost, exit: number) =>
  host.finish(await host.job(++claims), '', { steps: [{ exit, milliseconds: 1, logBytes: 0 }] })

test('after a force push to an older commit, the matrix shows the older commit again', async () => {
  const repository = farm().repository('forced')
  const good = repository.commit({ 'job.sh': 'true' })
  const host = await farm().wireHost('forced')
  await farm().trigger('main', 'forced')
  await ends(host, 0)
  await shows('forced', good, 'passed')
  const bad = repository.commit({ 'job.sh': 'false' })
  await farm().trigger('main', 'forced')
  await ends(host, 1)
  await shows('forced', bad, 'failed')

  repository.git('reset', '--quiet', '--hard', good)
  await farm().trigger('main', 'forced')
  await shows('forced', good, 'passed')
})

test('if somebody triggers a build of an older commit and the build fails, the cell stays green', async () => {
  const repository = farm().repository('old')
  const older = repository.commit({ 'job.sh': 'false' })
  const newest = repository.commit({ 'job.sh': 'true' })
  const host = await farm().wireHost('old')
  await farm().trigger('main', 'old')
  await ends(host, 0)
  await shows('old', newest, 'passed')
  const build = await farm().trigger(older, 'old')
  await ends(host, 1)
  await (await build.job('old')).finished()

  await eventually('the settled position of the older commit', async () => {
    const rows = await farm().sql(
      `SELECT FROM "BranchCommit" WHERE "projectName" = 'old' AND "commit" = '${older}' AND "settled"`,
    )
    return rows.length > 0 ? rows : undefined
  })
  await shows('old', newest, 'passed')
})

test('if a feature branch fails, it has its own cells, and main stays green', async () => {
  const repository = farm().repository('mixed')
  const good = repository.commit({ 'job.sh': 'true' })
  const host = await farm().wireHost('mixed')
  await farm().trigger('main', 'mixed')
  await ends(host, 0)
  repository.git('switch', '--quiet', '--create', 'feature/bad')
  const bad = repository.commit({ 'job.sh': 'false' })
  await farm().trigger('feature/bad', 'mixed')
  await ends(host, 1)

  await shows('mixed', bad, 'failed', 'feature/bad')
  await shows('mixed', good, 'passed')
  await expect(farm().api().get('/api/v1/matrix?project=mixed&branch=gone')).rejects.toThrow(
    /branch gone of mixed; branches with builds: feature\/bad, main/,
  )
})
