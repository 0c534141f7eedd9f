import { expect } from 'vitest'
import { addressesOf } from '../../../../test/load/growth/addresses.ts'
import { serverTest } from '../server.fixture.ts'

const places = {
  ...{ job: 2, build: 2, oldJob: 1, oldBuild: 1, test: 1, bisection: 1, pullRequest: 1 },
  ...{ project: 'sample', host: 'vax', arch: 'arm', variant: 'default', branch: 'main' },
}

/** The names of these files have a hash of their bytes. */
const isAsset = (path: string) => path.startsWith('/assets/')

serverTest('the bench `growth` requests every path of the server, or says why not', async ({ server }) => {
  const paths = server.app.pathsToGet().map(path => (isAsset(path) ? '/assets' : path))
  const known = addressesOf(places)
  expect(Object.keys(known).sort()).toEqual([...new Set(paths)].sort())
  // Each address belongs to its path, and the server knows no other path for it.
  for (const [path, addresses] of Object.entries(known))
    for (const address of typeof addresses === 'string' ? [] : addresses)
      expect(patternOf(path).test(address.split('?')[0] ?? ''), `${address} of ${path}`).toBe(true)
})

serverTest(
  'the bench `growth` requests every combination of filters that the list of jobs offers',
  async ({ server }) => {
    const lists = addressesOf(places)['/api/v1/jobs'] ?? []
    expect(lists.length).toBeGreaterThan(200)
    for (const address of lists) expect((await server.ask(address)).statusCode, address).toBe(200)
    const names = ['host', 'arch', 'variant', 'project', 'status', 'build']
    for (const [index, one] of names.entries())
      for (const other of names.slice(index + 1)) {
        const offered = (await server.ask(`/api/v1/jobs?${query(one)}&${query(other)}`)).statusCode === 200
        const requested = [...lists].some(address => address.includes(`${one}=`) && address.includes(`${other}=`))
        if (offered) expect(requested, `${one} and ${other}`).toBe(true)
      }
  },
)

const query = (name: string) => `${name}=${name === 'build' ? 1 : name === 'status' ? 'failed' : 'x'}`

const patternOf = (path: string) => new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`)
