import { expect, test } from 'vitest'
import { readSource, sourceFiles } from './support/sources.ts'

test('the Dockerfile copies the package.json of every workspace package before it installs', () => {
  const copied = [...readSource('docker/Dockerfile').text.matchAll(/^COPY (\S+\/package\.json) /gm)].map(
    ([, path]) => path,
  )
  const packages = sourceFiles(/^(apps|packages)\/[^/]+\/package\.json$|^(prisma|test)\/package\.json$/)
  expect(copied.sort()).toEqual(packages.map(({ path }) => path).sort())
})

test('the Dockerfile installs the pnpm of package.json', () => {
  const { packageManager } = JSON.parse(readSource('package.json').text)
  expect(readSource('docker/Dockerfile').text).toContain(`npx --yes ${packageManager} install`)
})
