import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'

const farm = sharedFarm()
const projects = async () =>
  (await farm().api().get<{ items: { name: string }[] }>('/api/v1/projects')).items.map(({ name }) => name)
const page = (path: string) => pageText(`${farm().url}${path}`)
const write = (text: string) => farm().reconfigure(() => writeFileSync(farm().farmFile, text))

test('if somebody adds a project to farm.yaml, it becomes active within seconds', async () => {
  const written = Date.now()
  await farm().project('second')
  expect(Date.now() - written).toBeLessThan(15_000) // 2 s on a machine that is not busy
  expect(await projects()).toEqual(['sample', 'second'])
})

const mistaken = `projects:
  sample:
    repository: ./repositories/sample
    steps:
      - job: make
    limits:
      wall: soon
  third:
    steps: none
`

test('if farm.yaml has errors, the previous version stays active, and the pages show each error with its position', async () => {
  const before = await projects()
  expect(await write(mistaken)).toMatch(
    /farm.yaml has 3 errors\. The farm keeps the previous version, if there is one\. Fix the file$/,
  )
  expect(await projects()).toEqual(before)
  expect((await farm().push('')).commit).toMatch(/^[0-9a-f]{40}$/)
  const shown = await page('/')
  expect(shown).toContain('farm.yaml:7:13: projects.sample.limits.wall: found &quot;soon&quot;, expected a duration')
  expect(shown).toContain(
    'farm.yaml:9:12: projects.third.steps: found &quot;none&quot;, expected a list of at least one',
  )
})

test('the farm refuses a farm.yaml that is not valid YAML, and shows the line of the error', async () => {
  await write('projects:\n  sample: [\n')
  expect(await page('/')).toMatch(/farm.yaml:[23]:[0-9]+: /)
  expect(await projects()).toContain('sample')
})

test('a corrected farm.yaml becomes active, and the pages show no error', async () => {
  await farm().project('fourth')
  expect(await projects()).toContain('fourth')
  expect(await page('/')).not.toContain('farm.yaml has errors')
})

test('the farm does not build a project that is no longer in farm.yaml, and still shows its builds', async () => {
  const build = await farm().push('', 'second')
  await write('projects: {}\n')
  expect(await projects()).toEqual([])
  await expect(farm().trigger(build.commit, 'second')).rejects.toThrow(/there is no project second/)
  expect((await build.view()).id).toBe(build.id)
})
