import { readFileSync } from 'node:fs'
import { defaultLimits } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'
import { limitRanges } from './farm-yaml-sense.rule.ts'

const root = new URL('../../../../', import.meta.url)
const page = readFileSync(new URL('docs/recipes.md', root), 'utf8')

function projects(text: string) {
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/srv/farm' })
  if (reading.kind === 'mistakes') throw new Error(reading.mistakes.map(describeMistake).join('\n'))
  return reading.projects
}

/** Completes an example of the page. An example is a whole file, or only the lines below a project's name. */
function whole(example: string): string {
  if (example.startsWith('projects:')) return example
  const repository = example.includes('repository: ') ? '' : 'repository: https://forge.example/x\n'
  return `projects:\n  p:\n${(repository + example).replace(/^(?=.)/gm, '    ')}`
}

const examplesOf = (text: string) => [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example = '']) => example)

describe.each([
  ['docs/recipes.md', page, 7],
  ['docs/recipes-rump.md', readFileSync(new URL('docs/recipes-rump.md', root), 'utf8'), 4],
])('each example of %s is a valid farm.yaml', (_name, text, least) => {
  const examples = examplesOf(text)

  test(`the page contains at least ${least} examples`, () => expect(examples.length).toBeGreaterThanOrEqual(least))

  test.each(examples.map((example, index) => [index + 1, example] as const))(
    'example number %i on the page is valid',
    (_index, example) => {
      expect(projects(whole(example))).toHaveLength(1)
    },
  )
})

test('the errors on the page are the errors that the farm reports', () => {
  const text = `projects:
  hello:
    repository: x
    steps:
      - build: make

      # two
      # mistakes
      - make it: make
      - tests: make

    limits: { wlal: 3s }
`
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/' })
  const shown = /For example:\n```\n(.*?)\n```/s.exec(page)?.[1]
  expect(reading.kind === 'mistakes' && reading.mistakes.map(describeMistake).join('\n')).toBe(shown)
})

/** The test reads the default and the range of a limit from the table on the page. */
test.each(Object.entries(limitRanges))('the page gives the right default and range of %s', (key, [name, min, max]) => {
  const row = page
    .slice(page.indexOf('\n## Limits\n'))
    .split('\n')
    .find(line => line.startsWith(`| \`${key}\` |`))
  const [otherwise, from, to] = [...(row ?? '').matchAll(/`([^`]+)`/g)].slice(1).map(([, text]) => text)
  const limits = (value: string | undefined) =>
    projects(whole(`limits: { ${key}: ${value} }\nsteps: [{ build: make }]\n`))[0]?.limits[name]
  expect([limits(otherwise), limits(from), limits(to)]).toEqual([defaultLimits[name], min, max])
})

describe('the shipped farm.yaml', () => {
  const shipped = projects(readFileSync(new URL('farm.yaml', root), 'utf8'))

  test('the shipped farm.yaml contains the sample and buildrump', () => {
    expect(shipped.map(({ name, steps }) => [name, steps.map(step => step.name)])).toEqual([
      ['sample', ['configure', 'build', 'tests']],
      ['buildrump', ['checkout', 'tools', 'build', 'install', 'tests']],
    ])
  })

  test('buildrump in the shipped farm.yaml uses the NetBSD sources that .srcgitrev names', () => {
    expect(shipped[1]?.sources).toEqual([
      {
        name: 'src',
        repository: 'https://github.com/rumpkernel/src-netbsd',
        commitFrom: '.srcgitrev',
        leaveOut: ['sys/external/bsd/compiler_rt/dist/test'],
      },
    ])
    expect(Object.keys(shipped[1]?.variants ?? {})).toEqual(['dynamic', 'static', 'debug', 'release', 'fibers'])
  })
})
