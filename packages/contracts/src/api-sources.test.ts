import { expect, test } from 'vitest'
import { Project, Source } from './api-answers.ts'
import { ProjectSource } from './farm-yaml.ts'
import { SourceContents } from './source-yaml.ts'

const keysOf = (schema: { properties: object }) => Object.keys(schema.properties)

test('the API has each key that farm.yaml has for a source', () => {
  expect(keysOf(Project.properties.sources.items)).toEqual(expect.arrayContaining(keysOf(ProjectSource)))
  for (const schema of [Project, Source])
    expect(keysOf(schema)).toEqual(expect.arrayContaining(Object.keys(SourceContents)))
  expect(keysOf(Source)).toEqual(expect.arrayContaining(['module', 'tarball']))
})
