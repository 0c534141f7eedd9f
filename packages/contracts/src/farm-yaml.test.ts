import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { defaultLimits, FarmYaml, namePattern, ProjectConfig } from './farm-yaml.ts'

const project = (parts: object) => ({ projects: { p: { repository: '.', steps: [{ build: 'make' }], ...parts } } })

test.each([
  ['a', true],
  ['0', true],
  ['_x', true],
  ['+x', true],
  ['buildrump.sh', true],
  ['x'.repeat(64), true],
  ['x'.repeat(65), false],
  ['', false],
  ['.x', false],
  ['-x', false],
  ['a b', false],
  ['a/b', false],
  ['ä', false],
  ['a\n', false],
])('the check of the name %j returns %s', (text, valid) => expect(new RegExp(namePattern, 'u').test(text)).toBe(valid))

describe('paths', () => {
  test.each([
    ['a', true],
    ['a/b.c', true],
    ['.srcgitrev', true],
    ['a/..b', true],
    ['a b', true],
    ['', false],
    ['/a', false],
    ['-a', false],
    ['a/', false],
    ['a//b', false],
    ['.', false],
    ['..', false],
    ['a/..', false],
    ['../a', false],
    ['a/./b', false],
    ['a\\b', false],
    ['a\0b', false],
  ])('the check of the path %j returns %s', (path, valid) => expect(Check(FarmYaml, project({ path }))).toBe(valid))
})

describe('branches of sources', () => {
  test.each([
    ['main', true],
    ['release/2.0', true],
    ['buildrump-src', true],
    ['-x', false],
    ['a..b', false],
    ['a b', false],
    ['a:b', false],
    ['a^', false],
    ['a@{1}', false],
    ['*', false],
  ])('the check of the branch %j returns %s', (branch, valid) => {
    expect(Check(FarmYaml, project({ sources: { s: { repository: 'x', branch } } }))).toBe(valid)
  })
})

test('a project with all defaults matches the schema after it was stored as JSON', () => {
  const config: ProjectConfig = {
    name: 'p',
    repository: '/srv/p',
    branches: ['main'],
    leaveOut: [],
    sources: [{ name: 's', repository: '/srv/s', commitFrom: '.rev', leaveOut: ['x'] }],
    hosts: ['*'],
    arches: ['*'],
    env: { A: 'b' },
    limits: defaultLimits,
    variants: { default: { env: {}, hosts: ['*'], arches: ['*'] } },
    steps: [{ name: 'build', run: 'make' }],
    artifacts: ['dist/*'],
  }
  expect(Check(ProjectConfig, JSON.parse(JSON.stringify(config)))).toBe(true)
})
