import { expect, test } from 'vitest'
import { addressProblem } from './mail-address.rule.ts'

test.each<[string, string | null]>([
  ['ada@example.org', null],
  ['Ada.Lovelace+ci@mail.example.co.uk', null],
  ['1234+ada@users.noreply.github.com', 'it is a noreply address'],
  ['5-ada@users.noreply.gitlab.com', 'it is a noreply address'],
  ['ada@noreply.codeberg.org', 'it is a noreply address'],
  ['noreply@github.com', 'it is a noreply address'],
  ['no-reply@example.org', 'it is a noreply address'],
  ['do-not-reply@example.org', 'it is a noreply address'],
  ['noreplyfan@example.org', null],
  ['49699333+dependabot[bot]@example.org', 'it is not a mail address'],
  ['root@build7', 'its domain receives no mail'],
  ['ada@laptop.local', 'its domain receives no mail'],
  ['ada@localhost.localdomain', 'its domain receives no mail'],
  ['ada@example.invalid', 'its domain receives no mail'],
  ['ada@10.0.0.1', 'its domain receives no mail'],
  ['ada@example..org', 'its domain receives no mail'],
  ['ada at example.org', 'it is not a mail address'],
  ['ada@example.org, eve@example.org', 'it is not a mail address'],
  ['ada@example.org\r\nBcc: eve@example.org', 'it is not a mail address'],
  ['', 'it is not a mail address'],
  [`${'a'.repeat(64)}@${'b'.repeat(200)}.org`, 'it is not a mail address'],
])('%j', (address, problem) => expect(addressProblem(address)).toBe(problem))
