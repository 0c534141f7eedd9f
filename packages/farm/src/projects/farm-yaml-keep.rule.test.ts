import { expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

function read({ project, farm }: { project?: string; farm?: string }) {
  const text = `projects:
  p:
    repository: /srv/p.git
    steps: [{all: make}]
${project === undefined ? '' : `    keep: ${project}\n`}${farm === undefined ? '' : `keep: ${farm}\n`}`
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/etc' })
  return reading.kind === 'ok' ? reading.projects[0]?.keep : reading.mistakes.map(describeMistake).join('\n')
}

test('without `keep`, a project keeps everything', () => expect(read({})).toBeUndefined())

test.each([
  ['{}', { lastPerCell: 20 }],
  ['{logs: 90d}', { logsDays: 90, failedLogsDays: 90, lastPerCell: 20 }],
  ['{artifacts: 4w, last: 5}', { artifactsDays: 28, failedArtifactsDays: 28, lastPerCell: 5 }],
  [
    '{logs: 90d, artifacts: 30d, builds: 2y, last: 20 per cell, failures: longer}',
    {
      logsDays: 90,
      artifactsDays: 30,
      failedLogsDays: 730,
      failedArtifactsDays: 730,
      buildsDays: 730,
      lastPerCell: 20,
    },
  ],
  ['{logs: 90d, failures: longer}', { logsDays: 90, lastPerCell: 20 }],
  [
    '{logs: 90d, artifacts: 30d, failures: 180d}',
    { logsDays: 90, artifactsDays: 30, failedLogsDays: 180, failedArtifactsDays: 180, lastPerCell: 20 },
  ],
  [
    '{builds: 1y, last: 0 per cell}',
    {
      logsDays: 365,
      artifactsDays: 365,
      failedLogsDays: 365,
      failedArtifactsDays: 365,
      buildsDays: 365,
      lastPerCell: 0,
    },
  ],
  ['{logs: all, artifacts: all, builds: all, failures: all}', { lastPerCell: 20 }],
])('keep: %s is read as %j', (written, expected) => {
  expect(read({ project: written })).toEqual(expected)
  expect(read({ farm: written })).toEqual(expected)
})

test('a key of the project replaces the key of the whole farm', () => {
  const farm = '{logs: 90d, builds: 1y, last: 3}'
  expect(read({ project: '{logs: 10d}', farm })).toMatchObject({ logsDays: 10, buildsDays: 365, lastPerCell: 3 })
  expect(read({ project: '{builds: all}', farm })).toMatchObject({ logsDays: 90, lastPerCell: 3 })
  expect(read({ project: '{builds: all}', farm })).not.toHaveProperty('buildsDays')
})

test('a time that the project does not write itself is at most that of its builds', () => {
  expect(read({ project: '{builds: 30d}', farm: '{logs: 90d}' })).toMatchObject({ logsDays: 30, buildsDays: 30 })
})

const form = (example: string) => `expected a time in days, weeks or years, such as ${example} or 2y, or all`

test.each([
  ['{logs: 90}', `keep.logs: found "90", ${form('90d')}`],
  ['{logs: 12h}', form('90d')],
  ['{logs: 0d}', form('90d')],
  ['{artifacts: never}', form('30d')],
  ['{builds: 2 years}', form('104w')],
  ['{failures: long}', 'or one of same, longer, all'],
  ['{last: many}', 'keep.last: found "many", expected a number from 0 to 1000, such as 20 per cell'],
  ['{last: 1001}', 'expected a number from 0 to 1000'],
  ['{log: 90d}', 'found "log" (unknown key), expected one of logs, artifacts, builds, failures, last'],
  ['90d', 'expected a map with logs, artifacts, builds, failures or last'],
  ['{logs: 101y}', 'keep.logs: found "101y", expected all, or from 1d to 100y'],
  ['{logs: 3y, builds: 2y}', 'keep.logs: found "3y", expected at most 2y, because the farm deletes a build with its'],
  ['{artifacts: all, builds: 2y}', 'keep.artifacts: found "all", expected at most 2y'],
  ['{failures: 3y, builds: 2y}', 'keep.failures: found "3y", expected at most 2y'],
  ['{failures: 60d, logs: 90d}', 'keep.failures: found "60d", expected same, longer, or at least 90d, as for logs'],
  ['{failures: 60d, artifacts: all}', 'at least all, as for artifacts'],
])('the farm rejects keep: %s', (written, problem) => {
  expect(read({ project: written })).toContain(problem)
  expect(read({ farm: written })).toContain(problem)
})
