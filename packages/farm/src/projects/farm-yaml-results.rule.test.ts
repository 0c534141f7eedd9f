import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { recipeOf, uploadsOf } from '../builds/plan.rule.ts'
import { parse, shown } from '../test-results/parse.fixture.ts'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

const read = (results: string) =>
  readFarmYaml(`projects:\n  p:\n    repository: .\n    results: ${results}\n    steps: [{ tests: make check }]\n`, {
    file: 'farm.yaml',
    directory: '/srv/farm',
  })

function projectOf(results: string) {
  const reading = read(results)
  if (reading.kind === 'mistakes') throw new Error(reading.mistakes.map(describeMistake).join('\n'))
  const [project] = reading.projects
  if (!project) throw new Error('no project')
  return project
}

test.each([
  ['[reports/*.xml]', [{ files: 'reports/*.xml' }]],
  ['[reports/]', [{ files: 'reports' }]],
  [
    '[{ junit: a.xml }, { tap: t/ }]',
    [
      { files: 'a.xml', format: 'junit' },
      { files: 't', format: 'tap' },
    ],
  ],
  ['[{ step: tests }]', [{ step: 'tests' }]],
  [
    "[{ step: tests, pattern: '(?<name>.+): (?<result>ok)', passed: [fine] }]",
    [{ step: 'tests', pattern: '(?<name>.+): (?<result>ok)', passed: ['fine'] }],
  ],
])('results: %s', (text, results) => expect(projectOf(text).results).toEqual(results))

describe('errors in results', () => {
  test.each([
    [
      '[[a]]',
      'found a list, expected test results: a path or pattern such as reports/*.xml, or a map with junit, tap or step',
    ],
    ['[{ xml: a }]', 'found "xml" (unknown key), expected one of junit, tap, step, pattern, passed, failed, skipped'],
    ['[../a.xml]', 'found "../a.xml", expected a path or pattern inside the project'],
    ['[{ junit: /a.xml }]', 'found "/a.xml", expected a path or pattern inside the project'],
    ['[{}]', 'found no junit, tap or step, expected one of them'],
    ['[{ junit: a.xml, step: tests }]', 'found junit and step, expected one of them'],
    ['[{ tap: a.tap, pattern: x }]', 'found tap and pattern, expected pattern only together with step'],
    ['[{ step: test }]', 'found "test", expected one of the steps: tests'],
    ['[{ step: tests, passed: [ok] }]', 'found passed without pattern, expected a pattern too'],
    ["[{ step: tests, pattern: '(?<name>a' }]", 'found a pattern that RE2 refuses: '],
    ["[{ step: tests, pattern: '(?<name>a)(?!b)' }]", 'found a pattern that RE2 refuses: '],
    ['[{ step: tests, pattern: ok }]', 'found no group (?<name>…), expected RE2 with the group (?<name>…)'],
  ])('%s', (text, mistake) => {
    const reading = read(text)
    expect(reading.kind === 'mistakes' && reading.mistakes.map(describeMistake).join('\n')).toContain(mistake)
  })
})

test('the host uploads the files with results too, each pattern once', () => {
  const project = { ...projectOf('[reports, { junit: a.xml }, { step: tests }]'), artifacts: ['dist', 'reports'] }
  expect(uploadsOf(recipeOf(project, 'default'))).toEqual(['dist', 'reports', 'a.xml'])
})

test('the recipe of a project without results does not change', () => {
  const { results, ...project } = projectOf('[a]')
  expect([results?.length, 'results' in recipeOf(project, 'default')]).toEqual([1, false])
})

describe('the shipped farm.yaml', () => {
  const root = new URL('../../../../', import.meta.url)
  const reading = readFarmYaml(readFileSync(new URL('farm.yaml', root), 'utf8'), { file: 'farm.yaml', directory: '/' })
  const patternOf = (name: string) => {
    const results = reading.kind === 'ok' ? reading.projects.find(project => project.name === name)?.results : []
    const [first] = results ?? []
    if (first?.pattern === undefined) throw new Error(`${name} has no pattern`)
    return { ...first, pattern: first.pattern }
  }
  const testsIn = async (project: string, text: string) =>
    shown(await parse([{ text, pattern: patternOf(project), label: 'log of tests' }]))

  // The lines of a real run. The bootstrap and VFS tests print the messages of the kernel, with the word "done" in them.
  const boot = `Copyright (c) 1996, 1997
    The NetBSD Foundation, Inc.  All rights reserved.

NetBSD 7.99.34 (RUMP-ROAST)
total memory = unlimited (host limit)
timecounter: Timecounters tick every 10.000 msec
root file system type: rumpfs
`
  const passing = `Running simple tests
bootstrap test
${boot}rump kernel init complete, rv 0
Done
VFS test
${boot}
Reading version info from /kern:

NetBSD 7.99.34 (RUMP-ROAST)
syncing disks... done
Done
VFS test with actual file system ... done
Remote communication ... done
IPv4 networking test ... done
IPv6 networking test ... done
Routed IPv4 networking test ... done
Routed IPv6 networking test ... done
Dynamic loading of components ... done

Success
>> buildrump.sh ran successfully
`
  const nine = [
    'bootstrap test',
    'VFS test',
    'VFS test with actual file system',
    'Remote communication',
    'IPv4 networking test',
    'IPv6 networking test',
    'Routed IPv4 networking test',
    'Routed IPv6 networking test',
    'Dynamic loading of components',
  ]

  test('buildrump has nine tests', async () => {
    expect(await testsIn('buildrump', passing)).toEqual(nine.map(name => `${name}: passed`))
  })

  test('a static build of buildrump skips the test of dynamic components', async () => {
    const text = passing.replace('components ... done', 'components ... component load failed, skipping test')
    expect((await testsIn('buildrump', text)).at(-1)).toBe('Dynamic loading of components: skipped')
  })

  test.each([
    [
      'a failed client',
      'Remote communication ... done',
      'Remote communication ... something went wrong!\n>> ERROR:\n>> simpleclient failed',
      'Remote communication',
    ],
    [
      'a program that crashes',
      'IPv4 networking test ... done',
      'IPv4 networking test ... >> ERROR:\n>> nettest client failed',
      'IPv4 networking test',
    ],
    [
      'a kernel that fails after its messages',
      'syncing disks... done\nDone',
      'syncing disks... done\n>> ERROR:\n>> fstest failed',
      'VFS test',
    ],
  ])('a failure of buildrump has a name: %s', async (_title, line, instead, name) => {
    const text = `${passing.slice(0, passing.indexOf('\nSuccess')).replace(line, instead)}>> ERROR:\n>> FAILED 1 tests!\n`
    expect(await testsIn('buildrump', text)).toEqual(
      nine.map(test => `${test}: ${test === name ? 'failed' : 'passed'}`),
    )
  })

  test('a test of buildrump that does not compile did not run', async () => {
    const text = passing.replace(
      'IPv6 networking test ... done\n',
      "nettest_simple6.c:3: error: 'x' undeclared\n*** [x.o] Error code 1\n",
    )
    expect((await testsIn('buildrump', text)).length).toBe(8)
  })

  test('the sample has five tests', async () => {
    const text =
      'numbers ... ok (12)\ntext ... check_text.c:3: check failed: 1 == 2\ntext: 1 failed\nfiles ... ok (9)\nprocesses ... ok (4)\nfacts ... ok (8)\n33 passed, 1 failed\ncheck.sh: 7 passed, 0 failed\n'
    expect(await testsIn('sample', text)).toEqual([
      'numbers: passed',
      'text: failed',
      'files: passed',
      'processes: passed',
      'facts: passed',
    ])
  })
})
