import { expect } from 'vitest'
import type { Api } from '../api-client.ts'
import { adminToken, type Doors, doorsTest } from '../doors/doors.fixture.ts'
import { verbs } from './verbs.ts'

function apiOf(doors: Doors): Api {
  const headers = { authorization: `Bearer ${adminToken}` }
  return {
    get: async (path: string) => (await doors.ask({ url: path, headers })).json(),
    post: async (path: string, body?: object) => (await doors.post(path, body)).json(),
    delete: async (path: string) => void (await doors.ask({ method: 'DELETE', url: path, headers })),
  } as Api
}

doorsTest('tokens are listed and revoked from the command line', async ({ doors }) => {
  const token = (...words: string[]) => verbs.token?.run(apiOf(doors), words)
  for (let number = 10; number < 130; number++) await doors.farm.createToken(`ci-${number}`, 'trigger')
  expect(await token('revoke', 'ci-10')).toEqual([
    'The token ci-10 is revoked, with its login links and browser sessions. It is refused for ever.',
  ])
  const listed = (await token('list')) ?? []
  const at = '2024-05-06T07:08:09.000Z'
  expect(listed).toHaveLength(121)
  expect(listed.slice(0, 3)).toEqual([
    `admin  admin  last used ${at}`,
    `ci-10  trigger  revoked ${at}`,
    'ci-100  trigger  last used never',
  ])
  for (const words of [[], ['list', 'x'], ['revoke'], ['delete', 'x']]) expect(await token(...words)).toBeUndefined()
})
