import { expect } from 'vitest'
import { farmTest } from './farm-test.ts'

farmTest('a login link makes one session, whoever is first', async ({ farm }) => {
  const { token, expiresAt } = await farm.createLoginLink('admin')
  expect(expiresAt).toEqual(new Date('2024-05-06T07:18:09Z'))
  const outcomes = await Promise.all([farm.logIn(token), farm.logIn(token), farm.logIn(token)])

  const sessions = outcomes.flatMap(outcome => (outcome.kind === 'logged-in' ? [outcome.session] : []))
  expect(sessions).toHaveLength(1)
  expect(await farm.tokenOfSession(sessions[0] ?? '')).toBe('admin')
  expect(await farm.logIn(token)).toEqual({ kind: 'link-not-valid' })
  expect(await farm.logIn('x')).toEqual({ kind: 'link-not-valid' })
  expect(await farm.tokenOfSession('x')).toBeUndefined()
})

farmTest('a link waits for ten minutes', async ({ farm }) => {
  const early = await farm.createLoginLink('admin')
  const late = await farm.createLoginLink('admin')
  farm.wait(599)
  expect(await farm.logIn(early.token)).toMatchObject({ kind: 'logged-in' })
  farm.wait(2)
  expect(await farm.logIn(late.token)).toEqual({ kind: 'link-not-valid' })
})

farmTest('a session lasts a week, unless it is ended', async ({ farm }) => {
  const session = async () => {
    const outcome = await farm.logIn((await farm.createLoginLink('admin')).token)
    return outcome.kind === 'logged-in' ? outcome.session : ''
  }
  const [mine, theirs] = [await session(), await session()]
  await farm.logOut(theirs)
  expect([await farm.tokenOfSession(mine), await farm.tokenOfSession(theirs)]).toEqual(['admin', undefined])

  farm.wait(7 * 24 * 3600 - 1)
  await farm.createLoginLink('admin') // clears away what has expired, and nothing else
  expect(await farm.tokenOfSession(mine)).toBe('admin')
  farm.wait(2)
  expect(await farm.tokenOfSession(mine)).toBeUndefined()
})

farmTest('a revoked token takes its links and sessions with it, and comes back with no restart', async ({ farm }) => {
  const [first, second] = ['the-first-token-of-admin', 'the-second-token-of-admin']
  expect(await farm.admitToken('admin', first, 'admin')).toBe(true)
  expect(await farm.admitToken('admin', first, 'admin')).toBe(true)
  const link = await farm.createLoginLink('admin')
  const login = await farm.logIn((await farm.createLoginLink('admin')).token)
  const session = login.kind === 'logged-in' ? login.session : ''
  expect(await farm.tokenOfSession(session)).toBe('admin')

  expect(await farm.revokeToken('admin')).toBe(true)
  expect(await farm.tokenOfSession(session)).toBeUndefined()
  expect(await farm.logIn(link.token)).toEqual({ kind: 'link-not-valid' })
  expect(await farm.admitToken('admin', first, 'admin')).toBe(false) // as at the next start
  expect(await farm.tokenBearer(first)).toBeUndefined()

  expect(await farm.admitToken('admin', second, 'admin')).toBe(true)
  expect(await farm.tokenBearer(second)).toEqual({ name: 'admin', scope: 'admin' })
  expect(await farm.tokenBearer(first)).toBeUndefined()
})
