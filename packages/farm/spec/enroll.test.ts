import { expect } from 'vitest'
import { farmTest, project, type TestFarm } from './farm-test.ts'

const invited = async (farm: TestFarm, name: string): Promise<string> => {
  const outcome = await farm.hosts.invite(name)
  if (outcome.kind !== 'invited') throw new Error(outcome.kind)
  return outcome.token
}
const enrollment = (token: string, nonce = 'n1') => ({
  token,
  nonce,
  version: '1.0.0',
  facts: { uname_m: 'sun4v', uname_p: 'sparc' },
})

farmTest('a host enrols once, and a repeated request gets the same credential', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  const first = await farm.hosts.enroll(enrollment(token))

  expect(first).toMatchObject({ kind: 'enrolled', hostName: 'sun', arch: 'sparc64' })
  expect(await farm.hosts.enroll(enrollment(token))).toEqual(first)
  expect((await farm.matrix.load()).hosts.map(host => host.name)).toEqual(['sun'])
})

farmTest('another host cannot use a used invitation', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  await farm.hosts.enroll(enrollment(token))
  expect(await farm.hosts.enroll(enrollment(token, 'n2'))).toEqual({ kind: 'used', at: farm.now(), hostName: 'sun' })
})

farmTest('if two hosts use one invitation at the same moment, only one host enrols', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  const outcomes = await Promise.all(['n1', 'n2', 'n3'].map(nonce => farm.hosts.enroll(enrollment(token, nonce))))
  expect(outcomes.map(outcome => outcome.kind).sort()).toEqual(['enrolled', 'used', 'used'])
})

farmTest('an invitation is valid for one hour', async ({ farm }) => {
  const token = await invited(farm, 'sun')
  farm.wait(3601)
  expect(await farm.hosts.enroll(enrollment(token))).toMatchObject({ kind: 'expired' })
  expect(await farm.hosts.enroll(enrollment('rfi-invented'))).toEqual({ kind: 'unknown-invitation' })
})

farmTest('the farm neither invites nor enrols a host with the name of another host', async ({ farm }) => {
  const [first, second] = [await invited(farm, 'sun'), await invited(farm, 'sun')]
  await farm.hosts.enroll(enrollment(first))

  expect(await farm.hosts.invite('sun')).toEqual({ kind: 'name-taken', hostName: 'sun' })
  expect(await farm.hosts.enroll(enrollment(second))).toEqual({ kind: 'name-taken', hostName: 'sun', at: farm.now() })
  expect(await farm.hosts.invite('-rf')).toMatchObject({ kind: 'bad-name' })
  // A host with such a name would have the address of another page.
  for (const name of ['new', 'New', 'invitations'])
    expect(await farm.hosts.invite(name)).toMatchObject({
      kind: 'bad-name',
      expected: expect.stringContaining('neither new nor'),
    })
})

farmTest('a removed host can enrol again under its name and keeps its history', async ({ farm }) => {
  await farm.hosts.enroll(enrollment(await invited(farm, 'sun')))
  await farm.hosts.remove('sun')
  expect(await farm.hosts.enroll(enrollment(await invited(farm, 'sun')))).toMatchObject({ kind: 'enrolled' })
  expect((await farm.matrix.load()).hosts).toHaveLength(1)
})

farmTest('if farm.yaml has errors, the previous version stays active', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other' }))
  await farm.projects.rejectConfiguration(['farm.yaml:3:1: …'])
  expect([...(await farm.projects.configs()).keys()]).toEqual(['other', 'sample'])
  expect(await farm.projects.configurationState()).toMatchObject({ problems: ['farm.yaml:3:1: …'] })

  await farm.configure(project())
  expect([...(await farm.projects.configs()).keys()]).toEqual(['sample'])
  expect(await farm.projects.configurationState()).toMatchObject({ problems: [] })
})

farmTest('a token is valid until it is revoked', async ({ farm }) => {
  const token = (await farm.access.createToken('ci', 'trigger')) ?? ''
  expect(await farm.access.createToken('ci', 'admin')).toBeUndefined()
  expect(await farm.access.findToken(token)).toMatchObject({ name: 'ci', scope: 'trigger' })
  expect(await farm.access.findToken(`${token}x`)).toBeUndefined()
  await farm.access.revokeToken('ci')
  expect(await farm.access.findToken(token)).toBeUndefined()
})
