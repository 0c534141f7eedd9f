import { dirname, join } from 'node:path'
import { openMirrors } from '@rumpfarm/connectors'
import { expect, onTestFinished } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'
import { readBranches } from './read-branches.ts'

let commits = 0

/** Pushes a commit of each of these branches, the last one last, and reads their histories. */
async function push(server: TestServer, branches: string[]) {
  const directory = join(dirname(server.repository.directory), 'mirrors')
  const mirrors = openMirrors({ directory, environment: process.env })
  onTestFinished(() => mirrors.close())
  for (const branch of branches) {
    server.repository.git('switch', '--quiet', '--force-create', branch)
    const commit = server.repository.commit(`Commit ${++commits} on ${branch}`)
    const of = { kind: 'branch', branch } as const
    await server.farm.builds.request({
      project: 'sample',
      commit,
      of,
      cause: 'push',
      source: 'test',
      deliveryId: commit,
    })
    server.wait(60)
  }
  const log = { warn: () => undefined }
  return async (headOf: string) => {
    server.repository.git('switch', '--quiet', headOf)
    await readBranches({ farm: server.farm, mirrors, log } as never, { project: 'sample' })
  }
}

const shown = async ({ farm }: TestServer) => (await farm.matrix.load()).branches[0]?.shown

serverTest('the matrix shows the default branch of the repository, and follows it', async ({ server }) => {
  await server.configure({ branches: ['**'] })
  const read = await push(server, ['main', 'develop', 'feature/a'])
  expect(await shown(server)).toBe('main')
  await read('develop')
  expect(await shown(server)).toBe('develop')
  expect((await server.ask('/api/v1/matrix')).json().branches[0].shown).toBe('develop')

  const readAgain = await push(server, ['feature/a'])
  await readAgain('main')
  expect(await shown(server)).toBe('main')
})

serverTest('farm.yaml names the main branch before the repository does', async ({ server }) => {
  await server.configure({ branches: ['feature/**', 'develop', '**'] })
  const read = await push(server, ['main', 'develop', 'feature/a'])
  await read('main')
  expect(await shown(server)).toBe('develop')
})

serverTest('usual names help if HEAD of the repository is no branch', async ({ server }) => {
  await server.configure({ branches: ['**'] })
  const read = await push(server, ['main', 'develop', 'feature/a'])
  await read('develop')
  const readAgain = await push(server, ['feature/a'])
  server.repository.git('checkout', '--quiet', '--detach')
  await readAgain('--detach')
  expect(await shown(server)).toBe('main')
})

serverTest('the default branch of an earlier repository does not count', async ({ server }) => {
  await server.configure({ branches: ['**'] })
  const read = await push(server, ['main', 'develop'])
  await read('develop')
  await server.configure({ branches: ['**'], hosts: ['vax'] })
  expect(await shown(server)).toBe('develop')
  await server.configure({ branches: ['**'], repository: 'https://example.org/other.git' })
  expect(await shown(server)).toBe('main')
})
