import { expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

function read(keys: string) {
  const text = `projects:\n  sample:\n    repository: /srv/sample\n    steps: [{build: make}]\n${keys}`
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/' })
  return reading.kind === 'ok' ? reading.projects[0] : reading.mistakes.map(describeMistake)
}

test('a project names its webhook secrets and the paths that a push must change', () => {
  expect(
    read(`    webhook-secrets: [$WEBHOOK_SAMPLE, $WEBHOOK_OLD]\n    paths: ['lib/**']\n    paths-ignore: [docs]\n`),
  ).toMatchObject({ webhookSecrets: ['WEBHOOK_SAMPLE', 'WEBHOOK_OLD'], paths: ['lib/**'], pathsIgnore: ['docs'] })
  const plain = read('')
  expect(plain).not.toHaveProperty('paths')
  expect(plain).not.toHaveProperty('webhookSecrets')
})

test('a project in a directory builds changes of this directory only, unless it names other paths', () => {
  expect(read('    path: lib/small\n')).toMatchObject({ paths: ['lib/small/**'] })
  expect(read('    path: lib/a+b\n')).toMatchObject({ paths: ['lib/a\\+b/**'] })
  expect(read("    path: lib/small\n    paths: ['**']\n")).toMatchObject({ paths: ['**'] })
})

test('a source can build the project after each push, unless it names its commit', () => {
  const source = (keys: string) => read(`    sources: {lib: {repository: /srv/lib, ${keys}}}\n`)
  expect(source('branch: trunk, trigger: true')).toMatchObject({ sources: [{ branch: 'trunk', trigger: true }] })
  expect(source('trigger: "false"')).not.toMatchObject({ sources: [{ trigger: true }] })
  expect(source('commit: 1234567, trigger: true')).toEqual([
    'farm.yaml:5:69: projects.sample.sources.lib.trigger: found "trigger with commit", expected no commit: a push cannot change the commit of this source',
  ])
})

test.each([
  ['webhook-secrets: [swordfish]', /found another text, expected the name of a variable .* such as \$WEBHOOK_SAMPLE/],
  ['webhook-secrets: []', /one to four variables/],
  ['paths: [/lib]', /not beginning with \/ or !/],
  ['paths: [lib, "!lib/docs"]', /not beginning with \/ or !/],
])('%s is an error', (key, expected) => {
  expect(read(`    ${key}\n`)).toEqual([expect.stringMatching(expected)])
})
