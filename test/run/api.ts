// Runs `./farm check-api`: two linters of OpenAPI documents that are not ours. They are large, so they are not among the
// packages of the farm.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check } from './command.ts'
import type { TestResult } from './results.ts'

const linters = { '@redocly/cli': '2.77.0', '@stoplight/spectral-cli': '6.16.3' }
const directory = join(process.cwd(), '.farm', 'check-api')

const install = (): Promise<TestResult[]> => {
  const packages = Object.entries(linters).map(([name, version]) => `${name}@${version}`)
  const options = ['--prefix', directory, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  return check('install the linters of the API', 'npm', ['install', ...options, ...packages])
}

/** Every rule of both linters, and a warning is a failure. */
export async function checkApi(): Promise<TestResult[]> {
  await mkdir(directory, { recursive: true })
  const installed = await install()
  if (installed.some(({ status }) => status === 'failed')) return installed
  const file = join(directory, 'openapi.json')
  const written = await check('write the OpenAPI document', 'node', [
    'packages/client/generate.mjs',
    '--document',
    file,
  ])
  const config = join(directory, 'redocly.yaml')
  const ruleset = join(directory, 'spectral.yaml')
  await writeFile(config, 'extends: [recommended-strict]\n')
  await writeFile(ruleset, 'extends: ["spectral:oas"]\n')
  const bin = (name: string) => join(directory, 'node_modules', '.bin', name)
  process.env.REDOCLY_TELEMETRY = 'off'
  return [
    ...installed,
    ...written,
    ...(await check('redocly lint', bin('redocly'), ['lint', `--config=${config}`, file])),
    ...(await check('spectral lint', bin('spectral'), ['lint', `--ruleset=${ruleset}`, '--fail-severity=hint', file])),
  ]
}
