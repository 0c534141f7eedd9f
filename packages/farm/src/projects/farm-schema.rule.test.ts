import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { farmSchema, type JsonSchema } from './farm-schema.rule.ts'
import { examples, meanings } from './farm-schema-meanings.rule.ts'
import { readFarmYaml } from './farm-yaml.rule.ts'

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, allErrors: true })
ajv.addKeyword('patternErrorMessage')
const validate = ajv.compile(farmSchema())

/** The errors that an editor shows: it reads plain scalars as numbers and booleans (YAML 1.2, core schema). */
function editorErrors(text: string): string[] {
  validate(parse(text, { merge: true }))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const isValid = (text: string): boolean =>
  readFarmYaml(text, { file: 'farm.yaml', directory: '/srv/farm' }).kind === 'ok'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')

/** An example of a page is a whole file, or only lines below a project's name. */
function whole(example: string): string {
  if (/^(projects|notify):/m.test(example)) return example
  const repository = /^repository: /m.test(example) ? '' : 'repository: https://forge.example/x\n'
  const steps = /^steps:/m.test(example) ? '' : 'steps: [{build: make}]\n'
  return `projects:\n  p:\n${(repository + steps + example).replace(/^(?=.)/gm, '    ')}`
}

const pages = readdirSync(`${root}docs`)
  .filter(name => name.endsWith('.md'))
  .flatMap(page =>
    [...read(`docs/${page}`).matchAll(/^```yaml\n(.*?)^```$/gms)].map(
      ([, example = ''], index) => [`${page}, example ${index + 1}`, whole(example)] as const,
    ),
  )
const valid = [['farm.yaml', read('farm.yaml')] as const, ...pages].filter(([, text]) => isValid(text))

test('most YAML of the pages is a recipe', () => expect(valid.length).toBeGreaterThan(pages.length / 2))

test.each(valid)('an editor shows no error in %s', (_name, text) => {
  expect(editorErrors(text)).toEqual([])
})

/** A project `p` with these lines. */
const project = (lines: string) =>
  `projects:\n  p:\n    repository: .\n    steps: [{build: make}]\n${lines.replace(/^(?=.)/gm, '    ')}\n`

describe('an editor accepts plain scalars that the farm accepts as text', () => {
  test.each([
    'limits: {attempts: 3}',
    'confirm: 0',
    'build-each-branch: true',
    'build-each-branch: "false"',
    'env: {VERSION: 1.10, CI: yes, DEBUG: true, EMPTY: , ZERO: 0, NEGATIVE: -1}',
    'title: 2026',
    'branches: [main, 8.0, 9]',
    'sources: {src: {repository: ., commit: 1234567}}',
    'sources: {src: {repository: ., commit: 0012345}}',
    'variants: {2026: {env: {A: 1}}}',
    'status: [{forge: gitea, token: $STATUS_GITEA, api: "https://x.example/api/v1", repository: a/b, per-cell: true}]',
  ])('%s', lines => {
    expect([isValid(project(lines)), editorErrors(project(lines))]).toEqual([true, []])
  })
})

describe('an editor shows an error where the farm has one', () => {
  test.each([
    'branchs: [x]',
    'limits: {attempts: 11}',
    'limits: {attempts: 0}',
    'limits: {attempts: 1.5}',
    'limits: {wall: 80}',
    'limits: {log: 5}',
    'confirm: 4',
    'confirm: true',
    'build-each-branch: maybe',
    'branches: main',
    'branches: [[x]]',
    'title: {a: b}',
    'title:',
    'path: ../x',
    'path: /x',
    'variants: {}',
    'variants: {.x: {}}',
    'variants: {x: {oses: [a]}}',
    'env: {FARM_X: 1}',
    'env: {1A: x}',
    'sources: {src: {branch: main}}',
    'sources: {src: {tarball: "https://x.example/a.tar.gz"}}',
    'sources: {src: {repository: ., strip: 1}}',
    'sources: {src: {repository: ., branch: a, commit: 1234567}}',
    'sources: {src: {repository: ., commit: 12345z}}',
    'artifacts: ["**/x"]',
    'results: [{junit: a.xml, tap: b.tap}]',
    'results: [{junit: a.xml, pattern: x}]',
    'results: [{}]',
    'status: [{forge: github}]',
    'status: [{forge: svn, token: $STATUS_X}]',
    'status: [{forge: github, token: ghp_secret}]',
    'notify: [{slack: $NOTIFY_A, discord: $NOTIFY_B}]',
    'notify: [{on: [fixed]}]',
    'notify: [{mail: [a@example.org], nick: farm}]',
    'notify: [{webhook: "https://x.example/"}]',
    'notify: [{mail: [a@example.org], on: [host-silent]}]',
    'notify: [{mail: [a@example.org], on: [sometimes]}]',
    'known-failures: [{hosts: [a]}]',
    'bisect: {budget: much}',
  ])('%s', lines => {
    expect(isValid(project(lines))).toBe(false)
    expect(editorErrors(project(lines))).not.toEqual([])
  })

  test.each(['{}', 'projects: []', 'projects: {p: {}}', 'projects: {p: {repository: .}}', 'other: 1\nprojects: {}'])(
    '%s',
    text => {
      expect(isValid(text)).toBe(false)
      expect(editorErrors(text)).not.toEqual([])
    },
  )
})

test('an unclear value keeps the description of the farm as its message', () => {
  const limits = JSON.stringify(farmSchema())
  expect(limits).toContain('"patternErrorMessage":"expected a duration with its unit, such as 80m or 1h30m"')
})

/** The schemas of all keys, with their paths. */
function* keysOf(schema: JsonSchema, path = ''): Generator<[path: string, schema: JsonSchema]> {
  const {
    properties = {},
    patternProperties = {},
    items,
    anyOf = [],
  } = schema as {
    properties?: Record<string, JsonSchema>
    patternProperties?: Record<string, JsonSchema>
    items?: JsonSchema
    anyOf?: JsonSchema[]
  }
  yield [path.replace(/^projects\.\*\./, ''), schema]
  const join = (key: string) => (path === '' ? key : `${path}.${key}`)
  for (const [key, inner] of Object.entries(properties)) yield* keysOf(inner, join(key))
  for (const inner of Object.values(patternProperties)) yield* keysOf(inner, join('*'))
  for (const inner of anyOf) if (inner.properties) yield* keysOf(inner, path)
  if (items) yield* keysOf(items, `${path}[]`)
}

test('every key has a description, and every line of the meanings belongs to a key', () => {
  const found = [...keysOf(farmSchema())]
  const paths = new Set(found.map(([path]) => path))
  expect(found.filter(([, { description }]) => !description).map(([path]) => path)).toEqual([])
  expect([...Object.keys(meanings), ...Object.keys(examples)].filter(path => !paths.has(path))).toEqual([])
})

test('the time limit of a job has a meaning, a form and an example', () => {
  const [, wall] = [...keysOf(farmSchema())].find(([path]) => path === 'limits.wall') ?? []
  expect(wall).toMatchObject({
    description: 'The time limit of a job. Default: 1h. A duration with its unit, such as 80m or 1h30m.',
    examples: ['80m'],
    type: 'string',
  })
})
