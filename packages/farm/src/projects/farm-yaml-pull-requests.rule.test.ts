import { expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

function read(value: string) {
  const text = `projects:\n  sample:\n    repository: /srv/git/sample\n    steps: [{build: make}]\n    pull-requests: ${value}\n`
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/srv' })
  return reading.kind === 'ok' ? reading.projects[0]?.pullRequests : reading.mistakes.map(describeMistake).join('\n')
}

test('a project builds no pull requests by default', () => {
  const text = 'projects:\n  sample:\n    repository: /srv/git/sample\n    steps: [{build: make}]\n'
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/srv' })
  expect(reading).toMatchObject({ kind: 'ok' })
  expect(reading.kind === 'ok' && reading.projects[0]).not.toHaveProperty('pullRequests')
})

test.each([
  ['{}', { fromForks: 'approve', hosts: ['*'], build: 'merge' }],
  ['{from-forks: always, build: head}', { fromForks: 'always', hosts: ['*'], build: 'head' }],
  [
    "{from-forks: never, hosts: ['vm-*', '!vm-old']}",
    { fromForks: 'never', hosts: ['vm-*', '!vm-old'], build: 'merge' },
  ],
])('pull-requests: %s is read as %j', (written, expected) => {
  expect(read(written)).toEqual(expected)
})

test.each([
  [
    '{from-forks: ask}',
    /projects\.sample\.pull-requests\.from-forks: found "ask", expected one of approve, never, always/,
  ],
  ['{build: both}', /projects\.sample\.pull-requests\.build: found "both", expected one of merge, head/],
  ['{hosts: []}', /pull-requests\.hosts/],
  ['{from-fork: never}', /from-forks/],
  ['true', /a map with from-forks, hosts or build/],
])('pull-requests: %s is an error with its place', (written, message) => {
  expect(read(written)).toMatch(message)
})
