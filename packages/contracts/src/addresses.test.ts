import { describe, expect, test } from 'vitest'
import { hideSecrets, secretInAddress } from './addresses.ts'

describe('hideSecrets replaces only secrets', () => {
  test.each([
    ['https://ada:s3cret@forge.example/x', 'https://***@forge.example/x'],
    ['https://ghp_token@forge.example/x', 'https://***@forge.example/x'],
    ['https://ada:s3@cret@forge.example/x', 'https://***@forge.example/x'],
    ['ssh://git:s3@cret@forge.example/x', 'ssh://git:***@forge.example/x'],
    ['ssh://git%3As3cret@forge.example/x', 'ssh://git:***@forge.example/x'],
    ['HTTPS://ghp_token@forge.example/x', 'HTTPS://***@forge.example/x'],
    ["fatal: unable to access 'http://a:b@h/x/': no", "fatal: unable to access 'http://***@h/x/': no"],
    ["fatal: unable to access 'http://h/x?pat=s3cret/': no", "fatal: unable to access 'http://h/x?***': no"],
    ['ssh://git:s3cret@forge.example/x', 'ssh://git:***@forge.example/x'],
    ['https://h/x?private_token=abc&y=1', 'https://h/x?***'],
    ['https://h/x?s3cret', 'https://h/x?***'],
    ['https://h/x;private_token=abc: not found', 'https://h/x;*** not found'],
    ['redirecting to https://h/x#access_token=abc', 'redirecting to https://h/x#***'],
    ['h:x?jwt=abc&y=1', 'h:x?jwt=***&y=***'],
    ['cannot read user:s3cret@h:x: no', 'cannot read user:***@h:x: no'],
    ['user:s3/cret@h:x', 'user:***@h:x'],
    ['https://h/x; fatal: no', 'https://h/x; fatal: no'],
    ['ssh://git@forge.example/x', 'ssh://git@forge.example/x'],
    ['ssh://git@forge.example:22/x', 'ssh://git@forge.example:22/x'],
    ['git@forge.example:x', 'git@forge.example:x'],
    ['git@forge.example: Permission denied (publickey).', 'git@forge.example: Permission denied (publickey).'],
    ['https://forge.example/@scope/x', 'https://forge.example/@scope/x'],
    ['/srv/x', '/srv/x'],
  ])('`hideSecrets` hides the secrets in %s', (text, shown) => expect(hideSecrets(text)).toBe(shown))
})

test.each([
  'https://me:s3cret@h/p.git',
  'https://ghp_s3cret@h/p.git',
  'HTTPS://s3cret@h',
  'ssh://me:s3cret@h/p.git',
  'ssh://me%3As3cret@h/p.git',
  'git://me:s3cret@h/p.git',
  'https://h/p.git?private_token=s3cret',
  'https://h/p?pat=s3cret',
  'https://h/p?s3cret',
  'https://h?jwt=s3cret',
  'https://h/p#access_token=s3cret',
  'https://h/p;private_token=s3cret',
  'ssh://git@h/p?credential=s3cret',
  'git@h:p?token=s3cret',
  'me:s3cret@h:p',
  'me:s3cret@h/p',
  'me:s3/cret@h:p',
])('the error describes the secret in %s and does not repeat it', address => {
  expect(secretInAddress(address)).toMatch(/ in the address$/)
  expect(secretInAddress(address)).not.toContain('s3cret')
  expect(hideSecrets(address)).not.toMatch(/s3\/?cret/)
})

test.each([
  'https://h/p.git',
  'https://h:8443/~me/p%20q',
  'https://h/@scope/p',
  'ssh://git@h:2222/p.git',
  'git@h:p.git',
  'git@h:group/p@2.git',
  'h:p',
  'git://h/p',
  'file:///srv/a?b=c',
  '/srv/a;b=c/d@e:f',
  '../a?b',
])('the address %s has no secret', address => {
  expect(secretInAddress(address)).toBeUndefined()
})

test.each([
  ['a.'],
  ['?'],
  ['a?'],
  [';a='],
  ['git://'],
  ['http://a'],
  ['(a:'],
  ['(a:b@'],
  ['a:b@'],
  ['x://%3a'],
  ['%3a'],
  ['x://a%3a@'],
  ['://a'],
  ['@'],
])('the time to hide secrets is linear in the length of the text: %s', piece => {
  const text = `x://${piece.repeat(400_000)}`
  const begin = process.cpuUsage()
  hideSecrets(text)
  expect(process.cpuUsage(begin).user / 1000).toBeLessThan(5_000) // 0.3 s; a quadratic pattern needs minutes
})
