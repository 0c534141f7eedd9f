import { expect } from 'vitest'
import { farmTest, project, type TestFarm } from './farm-test.ts'

const invited = async (farm: TestFarm, name: string): Promise<string> => {
  const outcome = await farm.invite(name)
  if (outcome.kind !== 'invited') throw new Error(outcome.kind)
  return outcome.token
}
const wish = (token: string, nonce = 'n1') => ({
  token,
  nonce,
  version: '1.0.0',
  facts: { uname_m: 'sun4v', uname_p: 'sparc' },
})

farmTest('a host enrols once, and the same request again gets the same credential', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  const first = await farm.enroll(wish(token))

  expect(first).toMatchObject({ kind: 'enrolled', hostName: 'sun', arch: 'sparc64' })
  expect(await farm.enroll(wish(token))).toEqual(first)
  expect((await farm.matrix()).hosts.map(host => host.name)).toEqual(['sun'])
})

farmTest('a used invitation is of no use to another', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  await farm.enroll(wish(token))
  expect(await farm.enroll(wish(token, 'n2'))).toEqual({ kind: 'used', at: farm.now(), hostName: 'sun' })
})

farmTest('two hosts that use one invitation at the same moment: one gets in', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  const outcomes = await Promise.all(['n1', 'n2', 'n3'].map(nonce => farm.enroll(wish(token, nonce))))
  expect(outcomes.map(outcome => outcome.kind).sort()).toEqual(['enrolled', 'used', 'used'])
})

farmTest('an invitation is good for one hour', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  farm.wait(3601)
  expect(await farm.enroll(wish(token))).toMatchObject({ kind: 'expired' })
  expect(await farm.enroll(wish('rfi-invented'))).toEqual({ kind: 'unknown-invitation' })
})

farmTest('a name that is taken is neither invited nor enrolled again', async ({ farm }) => {
  const [first, second] = [await invited(farm, 'sun'), await invited(farm, 'sun')]
  await farm.enroll(wish(first))

  expect(await farm.invite('sun')).toEqual({ kind: 'name-taken', hostName: 'sun' })
  expect(await farm.enroll(wish(second))).toEqual({ kind: 'name-taken', hostName: 'sun', at: farm.now() })
  expect(await farm.invite('-rf')).toMatchObject({ kind: 'bad-name' })
  // Their pages would be the form for inviting hosts.
  for (const name of ['new', 'New', 'invitations'])
    expect(await farm.invite(name)).toMatchObject({
      kind: 'bad-name',
      expected: expect.stringContaining('neither new nor'),
    })
})

farmTest('a host that left can be invited again under its name, with its history', async ({ farm }) => {
  await farm.enroll(wish(await invited(farm, 'sun')))
  await farm.removeHost('sun')
  expect(await farm.enroll(wish(await invited(farm, 'sun')))).toMatchObject({ kind: 'enrolled' })
  expect((await farm.matrix()).hosts).toHaveLength(1)
})

farmTest('farm.yaml with mistakes leaves the last good one in force', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other' }))
  await farm.refuseConfiguration(['farm.yaml:3:1: …'])
  expect([...(await farm.projects()).keys()]).toEqual(['other', 'sample'])
  expect(await farm.configurationState()).toMatchObject({ problems: ['farm.yaml:3:1: …'] })

  await farm.configure(project())
  expect([...(await farm.projects()).keys()]).toEqual(['sample'])
  expect(await farm.configurationState()).toMatchObject({ problems: [] })
})

farmTest('a token is known by its bearer until it is revoked', async ({ farm }) => {
  const token = (await farm.createToken('ci', 'trigger')) ?? ''
  expect(await farm.createToken('ci', 'admin')).toBeUndefined()
  expect(await farm.tokenBearer(token)).toMatchObject({ name: 'ci', scope: 'trigger' })
  expect(await farm.tokenBearer(`${token}x`)).toBeUndefined()
  await farm.revokeToken('ci')
  expect(await farm.tokenBearer(token)).toBeUndefined()
})
