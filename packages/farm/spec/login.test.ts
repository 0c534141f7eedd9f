import { expect } from 'vitest'
import { farmTest, type TestFarm } from './farm-test.ts'

const [first, second] = ['the-first-token-of-admin', 'the-second-token-of-admin'] as const

/** Makes a login link for the token `first`. */
const newLink = async (farm: TestFarm) => {
  await farm.access.admitToken('admin', first, 'admin')
  const link = await farm.access.createLoginLink((await farm.access.findToken(first))?.hash ?? '')
  if (!link) throw new Error('no link')
  return link
}

const signIn = async (farm: TestFarm): Promise<string> => {
  const outcome = await farm.access.logIn((await newLink(farm)).token)
  return outcome.kind === 'logged-in' ? outcome.session : ''
}

farmTest('a login link makes one session, for the first browser that uses it', async ({ farm }) => {
  const { token, expiresAt } = await newLink(farm)
  expect(expiresAt).toEqual(new Date('2024-05-06T07:18:09Z'))
  const outcomes = await Promise.all([farm.access.logIn(token), farm.access.logIn(token), farm.access.logIn(token)])

  const sessions = outcomes.flatMap(outcome => (outcome.kind === 'logged-in' ? [outcome.session] : []))
  expect(sessions).toHaveLength(1)
  expect(await farm.access.findSession(sessions[0] ?? '')).toMatchObject({ name: 'admin' })
  expect(await farm.access.logIn(token)).toEqual({ kind: 'link-not-valid' })
  expect(await farm.access.logIn('x')).toEqual({ kind: 'link-not-valid' })
  expect(await farm.access.findSession('x')).toBeUndefined()
})

farmTest('a login link is valid for ten minutes', async ({ farm }) => {
  const early = await newLink(farm)
  const late = await newLink(farm)
  farm.wait(599)
  expect(await farm.access.logIn(early.token)).toMatchObject({ kind: 'logged-in' })
  farm.wait(2)
  expect(await farm.access.logIn(late.token)).toEqual({ kind: 'link-not-valid' })
})

farmTest('a session lasts a week, unless somebody logs out', async ({ farm }) => {
  const [mine, theirs] = [await signIn(farm), await signIn(farm)]
  await farm.access.logOut(theirs)
  expect(await farm.access.findSession(mine)).toMatchObject({ name: 'admin' })
  expect(await farm.access.findSession(theirs)).toBeUndefined()

  farm.wait(7 * 24 * 3600 - 1)
  await newLink(farm) // this also deletes expired rows
  expect(await farm.access.findSession(mine)).toMatchObject({ name: 'admin' })
  farm.wait(2)
  expect(await farm.access.findSession(mine)).toBeUndefined()
})

farmTest('the login links and sessions of a token end when the token is revoked', async ({ farm }) => {
  await farm.access.admitToken('admin', first, 'admin')
  const link = await newLink(farm)
  const session = await signIn(farm)
  expect(await farm.access.findSession(session)).toMatchObject({ name: 'admin' })

  const bearer = await farm.access.findToken(first)
  expect(await farm.access.revokeToken('admin')).toBe(true)
  expect(await farm.access.findSession(session)).toBeUndefined()
  expect(await farm.access.logIn(link.token)).toEqual({ kind: 'link-not-valid' })
  // The farm checked the token of this request just before it revoked the token.
  expect(await farm.access.createLoginLink(bearer?.hash ?? '')).toBeUndefined()
})

farmTest('the farm never admits a revoked token again, even after another token had its name', async ({ farm }) => {
  const admit = (token: string) => farm.access.admitToken('admin', token, 'admin')
  expect(await admit(first)).toEqual({ kind: 'admitted' })
  await farm.access.revokeToken('admin')
  expect(await admit(first)).toEqual({ kind: 'revoked' })
  expect(await admit(second)).toEqual({ kind: 'replaced' })
  expect(await admit(first)).toEqual({ kind: 'revoked' })
  expect(await farm.access.findToken(first)).toBeUndefined()
  expect(await farm.access.findToken(second)).toMatchObject({ name: 'admin', scope: 'admin' })

  await farm.access.revokeToken('admin')
  expect([await admit(first), await admit(second)]).toEqual([{ kind: 'revoked' }, { kind: 'revoked' }])
})

farmTest(
  'if a token is replaced, its links and sessions end, and stay ended after the farm admits the token again',
  async ({ farm }) => {
    const admit = (token: string) => farm.access.admitToken('admin', token, 'admin')
    await admit(first)
    const link = await newLink(farm)
    const session = await signIn(farm)
    expect(await admit(first)).toEqual({ kind: 'admitted' })
    expect(await farm.access.findSession(session)).toMatchObject({ name: 'admin' })

    expect(await admit(second)).toEqual({ kind: 'replaced' })
    expect(await farm.access.findToken(first)).toBeUndefined()
    for (const token of [second, first]) {
      await admit(token)
      expect(await farm.access.findSession(session)).toBeUndefined()
      expect(await farm.access.logIn(link.token)).toEqual({ kind: 'link-not-valid' })
    }
    expect(await farm.access.findToken(first)).toMatchObject({ name: 'admin' })
  },
)

farmTest('the farm does not admit a token under a second name', async ({ farm }) => {
  const token = (await farm.access.createToken('nightly', 'trigger')) ?? ''
  expect(await farm.access.admitToken('admin', token, 'admin')).toEqual({ kind: 'other-token', name: 'nightly' })
  expect(await farm.access.findToken(token)).toMatchObject({ name: 'nightly', scope: 'trigger' })
  await farm.access.revokeToken('nightly')
  expect(await farm.access.admitToken('admin', token, 'admin')).toEqual({ kind: 'revoked' })
})
