import { expect } from 'vitest'
import { farmTest } from './farm-test.ts'

farmTest('a login link makes one session, whoever is first', async ({ farm }) => {
  const { token, expiresAt } = await farm.createLoginLink()
  expect(expiresAt).toEqual(new Date('2024-05-06T07:18:09Z'))
  const outcomes = await Promise.all([farm.logIn(token), farm.logIn(token), farm.logIn(token)])

  const sessions = outcomes.flatMap(outcome => (outcome.kind === 'logged-in' ? [outcome.session] : []))
  expect(sessions).toHaveLength(1)
  expect(await farm.isLoggedIn(sessions[0] ?? '')).toBe(true)
  expect(await farm.logIn(token)).toEqual({ kind: 'link-not-valid' })
  expect(await farm.logIn('x')).toEqual({ kind: 'link-not-valid' })
  expect(await farm.isLoggedIn('x')).toBe(false)
})

farmTest('a link waits for ten minutes', async ({ farm }) => {
  const early = await farm.createLoginLink()
  const late = await farm.createLoginLink()
  farm.wait(599)
  expect(await farm.logIn(early.token)).toMatchObject({ kind: 'logged-in' })
  farm.wait(2)
  expect(await farm.logIn(late.token)).toEqual({ kind: 'link-not-valid' })
})

farmTest('a session lasts a week, unless it is ended', async ({ farm }) => {
  const session = async () => {
    const outcome = await farm.logIn((await farm.createLoginLink()).token)
    return outcome.kind === 'logged-in' ? outcome.session : ''
  }
  const [mine, theirs] = [await session(), await session()]
  await farm.logOut(theirs)
  expect([await farm.isLoggedIn(mine), await farm.isLoggedIn(theirs)]).toEqual([true, false])

  farm.wait(7 * 24 * 3600 - 1)
  await farm.createLoginLink() // clears away what has expired, and nothing else
  expect(await farm.isLoggedIn(mine)).toBe(true)
  farm.wait(2)
  expect(await farm.isLoggedIn(mine)).toBe(false)
})
