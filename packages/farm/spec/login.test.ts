import { expect } from 'vitest'
import { farmTest, type TestFarm } from './farm-test.ts'

const [first, second] = ['the-first-token-of-admin', 'the-second-token-of-admin'] as const

/** Of the token `first`, which is admitted if it is not yet. */
const newLink = async (farm: TestFarm) => {
  await farm.admitToken('admin', first, 'admin')
  const link = await farm.createLoginLink((await farm.tokenBearer(first))?.hash ?? '')
  if (!link) throw new Error('no link')
  return link
}

const signIn = async (farm: TestFarm): Promise<string> => {
  const outcome = await farm.logIn((await newLink(farm)).token)
  return outcome.kind === 'logged-in' ? outcome.session : ''
}

farmTest('a login link makes one session, whoever is first', async ({ farm }) => {
  const { token, expiresAt } = await newLink(farm)
  expect(expiresAt).toEqual(new Date('2024-05-06T07:18:09Z'))
  const outcomes = await Promise.all([farm.logIn(token), farm.logIn(token), farm.logIn(token)])

  const sessions = outcomes.flatMap(outcome => (outcome.kind === 'logged-in' ? [outcome.session] : []))
  expect(sessions).toHaveLength(1)
  expect(await farm.tokenOfSession(sessions[0] ?? '')).toMatchObject({ name: 'admin' })
  expect(await farm.logIn(token)).toEqual({ kind: 'link-not-valid' })
  expect(await farm.logIn('x')).toEqual({ kind: 'link-not-valid' })
  expect(await farm.tokenOfSession('x')).toBeUndefined()
})

farmTest('a link waits for ten minutes', async ({ farm }) => {
  const early = await newLink(farm)
  const late = await newLink(farm)
  farm.wait(599)
  expect(await farm.logIn(early.token)).toMatchObject({ kind: 'logged-in' })
  farm.wait(2)
  expect(await farm.logIn(late.token)).toEqual({ kind: 'link-not-valid' })
})

farmTest('a session lasts a week, unless it is ended', async ({ farm }) => {
  const [mine, theirs] = [await signIn(farm), await signIn(farm)]
  await farm.logOut(theirs)
  expect(await farm.tokenOfSession(mine)).toMatchObject({ name: 'admin' })
  expect(await farm.tokenOfSession(theirs)).toBeUndefined()

  farm.wait(7 * 24 * 3600 - 1)
  await newLink(farm) // clears away what has expired, and nothing else
  expect(await farm.tokenOfSession(mine)).toMatchObject({ name: 'admin' })
  farm.wait(2)
  expect(await farm.tokenOfSession(mine)).toBeUndefined()
})

farmTest('a revoked token takes its links and sessions with it', async ({ farm }) => {
  await farm.admitToken('admin', first, 'admin')
  const link = await newLink(farm)
  const session = await signIn(farm)
  expect(await farm.tokenOfSession(session)).toMatchObject({ name: 'admin' })

  const bearer = await farm.tokenBearer(first)
  expect(await farm.revokeToken('admin')).toBe(true)
  expect(await farm.tokenOfSession(session)).toBeUndefined()
  expect(await farm.logIn(link.token)).toEqual({ kind: 'link-not-valid' })
  // A request that was allowed just before.
  expect(await farm.createLoginLink(bearer?.hash ?? '')).toBeUndefined()
})

farmTest('a token that was revoked once is refused for ever, also after others took its place', async ({ farm }) => {
  const admit = (token: string) => farm.admitToken('admin', token, 'admin')
  expect(await admit(first)).toEqual({ kind: 'admitted' })
  await farm.revokeToken('admin')
  expect(await admit(first)).toEqual({ kind: 'revoked' })
  expect(await admit(second)).toEqual({ kind: 'replaced' })
  expect(await admit(first)).toEqual({ kind: 'revoked' })
  expect(await farm.tokenBearer(first)).toBeUndefined()
  expect(await farm.tokenBearer(second)).toMatchObject({ name: 'admin', scope: 'admin' })

  await farm.revokeToken('admin')
  expect([await admit(first), await admit(second)]).toEqual([{ kind: 'revoked' }, { kind: 'revoked' }])
})

farmTest('a replaced token ends with its links and sessions, and none of them comes back with it', async ({ farm }) => {
  const admit = (token: string) => farm.admitToken('admin', token, 'admin')
  await admit(first)
  const link = await newLink(farm)
  const session = await signIn(farm)
  expect(await admit(first)).toEqual({ kind: 'admitted' })
  expect(await farm.tokenOfSession(session)).toMatchObject({ name: 'admin' })

  expect(await admit(second)).toEqual({ kind: 'replaced' })
  expect(await farm.tokenBearer(first)).toBeUndefined()
  for (const token of [second, first]) {
    await admit(token)
    expect(await farm.tokenOfSession(session)).toBeUndefined()
    expect(await farm.logIn(link.token)).toEqual({ kind: 'link-not-valid' })
  }
  expect(await farm.tokenBearer(first)).toMatchObject({ name: 'admin' })
})

farmTest('the token of another name is not admitted under a second one', async ({ farm }) => {
  const token = (await farm.createToken('nightly', 'trigger')) ?? ''
  expect(await farm.admitToken('admin', token, 'admin')).toEqual({ kind: 'other-token', name: 'nightly' })
  expect(await farm.tokenBearer(token)).toMatchObject({ name: 'nightly', scope: 'trigger' })
  await farm.revokeToken('nightly')
  expect(await farm.admitToken('admin', token, 'admin')).toEqual({ kind: 'revoked' })
})
