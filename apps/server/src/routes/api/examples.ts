/** The parts of JSON Schema that the schemas of the API use. */
export interface ExampleSchema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: ExampleSchema[]
  items?: ExampleSchema
  properties?: Record<string, ExampleSchema>
  additionalProperties?: ExampleSchema | boolean
  format?: string
  pattern?: string
  default?: unknown
  minimum?: number
}

const commit = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'

/** Believable values for the names of the members, so that all examples tell of the same job on the same host. */
const values: Record<string, unknown> = {
  api: 'https://api.github.com',
  agentVersion: '1.0.0',
  arch: 'amd64',
  artifacts: '30d',
  attempt: '1.1',
  author: 'Ada',
  baseBranch: 'main',
  branch: 'main',
  builds: '2y',
  commit,
  context: 'rumpfarm/sample',
  compiler: 'cc (GCC) 12.2.0',
  detail: 'there is no project smaple; the farm has: sample',
  exit: 0,
  failedStep: 'tests',
  failures: 'longer',
  fingerprint: '0f343b0931126a20f133d67c2b018a3b',
  headBranch: 'fix-parser',
  headCommit: commit,
  host: 'vax',
  hostName: 'vax',
  id: 1,
  instance: '/api/v1/projects/smaple',
  last: '20 per cell',
  line: 'curl -fsS https://farm.example.org/agent.sh | sh -s -- enroll rfi-…',
  link: 'https://bugs.example.org/42',
  logs: '90d',
  name: 'sample',
  next: null,
  note: 'the linker of this release has a bug',
  owner: 'ada',
  project: 'sample',
  projectName: 'sample',
  ref: 'main',
  repository: 'https://example.org/sample.git',
  run: 'make test',
  scope: 'trigger',
  secret: 'whsec_…',
  sha256: '7365d029861e32c521f8089b00a6fb32daf0615025b69b599d1ce53501b845c2',
  state: 'finished',
  status: 404,
  step: 'tests',
  subject: 'Fix the parser',
  system: 'NetBSD 5.1 vax',
  title: 'Unknown project',
  token: 'rft-…',
  tokenName: 'nightly',
  type: 'urn:rumpfarm:problem:unknown-project',
  url: 'https://farm.example.org/builds/1',
  variant: 'default',
  verdict: 'failed',
  with: '1.1',
}

/** Schemas that contain each other end here. */
const depthMax = 8

/** A value that matches the schema. `schemas` has the named schemas. A member with the name `host` is a host, and so on. */
export function exampleOf(
  schemas: Record<string, ExampleSchema>,
  schema: ExampleSchema,
  name = '',
  depth = 0,
): unknown {
  const { $ref, anyOf, items, properties, additionalProperties } = schema
  const inner = (one: ExampleSchema, member = '') => exampleOf(schemas, one, member, depth + 1)
  if ($ref !== undefined) return inner(schemas[$ref.split('/').at(-1) ?? ''] ?? {}, name)
  if (anyOf) return inner(anyOf[0] ?? {}, name)
  const type = [schema.type].flat()[0]
  if (type === 'array') return items && depth < depthMax ? [inner(items, singular(name))] : []
  if (properties) return Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, inner(one, key)]))
  if (type === 'object') return typeof additionalProperties === 'object' ? { NAME: inner(additionalProperties) } : {}
  return simpleExample(schema, type, name)
}

/** `hosts` has the hosts, `arches` the arches. */
const singular = (name: string): string => name.replace(/(ch|s)es$/, '$1').replace(/s$/, '')

function simpleExample(schema: ExampleSchema, type: string | undefined, name: string): unknown {
  if (schema.const !== undefined) return schema.const
  const value = values[name]
  if (schema.enum) return schema.enum.includes(value) ? value : schema.enum[0]
  const isNullable = Array.isArray(schema.type) && schema.type.includes('null')
  if (value === null && isNullable) return null
  if (schema.format === 'date-time') return '2024-05-06T07:08:09.000Z'
  if (type === 'boolean') return schema.default ?? false
  if (type === 'integer' || type === 'number')
    return typeof value === 'number' ? value : (schema.default ?? schema.minimum ?? 0)
  if (typeof value === 'string' && isMatch(schema, value)) return value
  return isNullable ? null : 'text'
}

const isMatch = ({ pattern }: ExampleSchema, value: string): boolean =>
  pattern === undefined || new RegExp(pattern, 'u').test(value)
