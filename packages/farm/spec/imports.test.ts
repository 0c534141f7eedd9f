import { expect } from 'vitest'
import type { ImportedBuild, ImportedHost, ImportedJob } from '../src/index.ts'
import { firstPiece } from '../src/matrix/piece.rule.ts'
import { commitOf, farmTest } from './farm-test.ts'

const at = (hour: number) => new Date(Date.UTC(2024, 4, 1, hour))

const vax: ImportedHost = {
  ...{ id: 1, name: 'vax', slots: 1, version: '1.0.0', enrolledAt: at(0), lastSeenAt: at(20) },
  ...{ silentSince: null, pausedAt: null },
  facts: [{ since: at(0), facts: { uname_s: 'NetBSD' } }],
  arches: [{ arch: 'vax', kind: 'native', compiler: 'gcc 4.8' }],
}

/** A job of one attempt that fails at `build`, or passes. */
const job = (id: number, hour: number, log: string | null): ImportedJob => ({
  ...{ id, hostId: 1, arch: 'vax', variant: 'default' },
  attempts: [
    {
      purpose: 'build',
      queuedAt: at(hour),
      claimed: {
        ...{ slot: 1, at: at(hour), compiler: null, log: log === null ? null : Buffer.from(log) },
        steps: [
          { exit: 0, milliseconds: 10, logBytes: 0 },
          { exit: log === null ? 0 : 1, milliseconds: 20, logBytes: log?.length ?? 0 },
          ...(log === null ? [{ exit: 0, milliseconds: 30, logBytes: 0 }] : []),
        ],
      },
      end: { at: at(hour + 1), reason: 'exit' },
    },
  ],
})

const build = (id: number, jobs: ImportedJob[]): ImportedBuild => ({
  ...{ id, project: 'sample', commit: commitOf(String(id)), branch: 'main', subject: `Change ${id}`, author: 'Ruth' },
  ...{ createdAt: at(id), sources: [], jobs },
})

farmTest('an imported history has the verdicts and cells that the rules derive from its facts', async ({ farm }) => {
  await farm.configure()
  expect(await farm.imports.addHosts([vax])).toEqual({ kind: 'imported' })
  await farm.imports.addBuilds([build(1, [job(11, 1, null)]), build(2, [job(12, 2, 'a.c:1:1: error: no\n')])])
  await farm.imports.finish()
  await farm.matrix.applyHistory({
    ...{ project: 'sample', branch: 'main', complete: true },
    commits: [commitOf('2'), commitOf('1')],
  })

  expect(await farm.verdicts()).toEqual(['failed', 'passed'])
  const { cells } = await farm.matrix.load()
  expect(cells[0]?.last).toMatchObject({
    verdict: 'failed',
    failedStep: 'build',
    since: { buildId: 2 },
    lastGood: { buildId: 1 },
  })
})

farmTest('the cells of a long history are derived in several transactions', async ({ farm }) => {
  await farm.configure()
  const arches = Array.from({ length: firstPiece + 3 }, (_, at) => `arch-${at}`)
  await farm.imports.addHosts([{ ...vax, arches: arches.map(arch => ({ arch, kind: 'native', compiler: 'cc 1' })) }])
  await farm.imports.addBuilds([
    build(
      1,
      arches.map((arch, at) => ({ ...job(at + 1, 1, null), arch })),
    ),
  ])
  await farm.imports.finish()
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', complete: true, commits: [commitOf('1')] })

  const { cells } = await farm.matrix.load()
  expect(
    cells
      .filter(({ last }) => last?.verdict === 'passed')
      .map(({ arch }) => arch)
      .sort(),
  ).toEqual(arches.sort())
})

farmTest('a farm that has hosts imports no history', async ({ farm }) => {
  await farm.host('alpha')

  expect(await farm.imports.addHosts([vax])).toEqual({ kind: 'not-empty', hosts: 1, builds: 0 })
  expect(await farm.hosts.find('vax')).toBeUndefined()
})

farmTest('a build after an import gets the next number', async ({ farm }) => {
  await farm.configure()
  await farm.imports.addHosts([vax])
  await farm.imports.addBuilds([build(7, [job(70, 1, null)])])
  await farm.imports.finish()

  expect(await farm.push(commitOf('a'))).toMatchObject({ kind: 'built', buildId: 8 })
})
