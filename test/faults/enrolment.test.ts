import { lineValue } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import type { Invitation } from '../support/agent-host.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { tokenOf, WireHost } from '../support/wire-host.ts'

const farm = sharedFarm()
const invite = (name: string) => farm().api().post<Invitation>('/api/v1/hosts/invitations', { name })
const stranger = (name: string) => new WireHost(farm().url, name)

test('an invitation shows its command once, and the command has the address at which the administrator used the farm', async () => {
  const { line, expiresAt } = await invite('line')
  expect(line).toMatch(new RegExp(`^curl -fsS ${farm().url}/agent.sh \\\\| sh -s -- enroll rfi-[0-9a-f]{48}$`))
  expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(3_500_000)
})

test('the farm refuses an invitation for a name that a host already has', async () => {
  await farm().wireHost('vax')
  await expect(invite('vax')).rejects.toThrow(/there is a host vax/)
})

test.each(['', '-x', 'a b', '../etc', 'x'.repeat(100), 'vax\nend'])(
  'the farm refuses %j as the name of a host',
  async name => {
    await expect(invite(name)).rejects.toThrow(/name/)
  },
)

test('if another host took the name after the invitation, the farm answers 409 with the time when that host enrolled', async () => {
  const [first, second] = [await invite('twin'), await invite('twin')]
  expect((await stranger('twin').enrol(tokenOf(first.line))).code).toBe(0)
  expect(await stranger('twin').enrol(tokenOf(second.line), 'another')).toMatchObject({
    code: 409,
    text: expect.stringMatching(
      /^another host has had the name twin since \d{4}-\S+Z: ask an administrator of the farm for a new command with another name$/,
    ),
  })
})

test('if an agent repeats its enrolment, it gets the same credential; any other agent gets 409', async () => {
  const token = tokenOf((await invite('alpha')).line)
  const first = await stranger('alpha').enrol(token, 'nonce-1')
  const again = await stranger('alpha').enrol(token, 'nonce-1')
  expect(lineValue(again.lines, 'credential')).toBe(lineValue(first.lines, 'credential'))
  expect(await stranger('alpha').enrol(token, 'nonce-2')).toMatchObject({
    code: 409,
    text: expect.stringMatching(
      /^this invitation was used at \S+ to enrol alpha: ask an administrator of the farm for a new command$/,
    ),
  })
})

test('the farm answers 410 to an expired invitation', async () => {
  const token = tokenOf((await invite('late')).line)
  await farm().sql(`UPDATE "Invitation" SET "expiresAt" = now() - interval '1 second' WHERE "hostName" = 'late'`)
  expect(await stranger('late').enrol(token)).toMatchObject({
    code: 410,
    text: expect.stringMatching(/^this invitation expired at \S+: ask an administrator of the farm for a new command$/),
  })
})

test('the farm answers 401 to an unknown invitation', async () => {
  expect(await stranger('nobody').enrol('rfi-invented')).toMatchObject({
    code: 401,
    text: expect.stringMatching(/^this invitation is not known to the farm/),
  })
})

test('a new host may have the name of a removed host, and gets another credential', async () => {
  const host = await farm().wireHost('brief')
  await fetch(`${farm().url}/api/v1/hosts/brief`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${farm().adminToken}` },
  })
  const again = await farm().wireHost('brief')
  expect(again.credential).not.toBe(host.credential)
  expect((await again.claim(1)).code).toBe(0)
})
