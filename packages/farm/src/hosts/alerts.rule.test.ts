import { expect, test } from 'vitest'
import { isAlertUrl, isMailAddress } from './alerts.rule.ts'

test.each([
  ['https://alerts.example.org/vax', true],
  ['http://127.0.0.1:9000/', true],
  ['https://hooks.example.org/T0/B1?token=x', true],
  ['file:///etc/passwd', false],
  ['ftp://example.org/', false],
  ['javascript:alert(1)', false],
  ['https://me:secret@example.org/', false],
  ['https://me@example.org/', false],
  ['example.org', false],
  ['', false],
  [`https://example.org/${'x'.repeat(1000)}`, false],
])('the check of the alert address %s returns %s', (url, may) => expect(isAlertUrl(url)).toBe(may))

test.each([
  ['ada@example.org', true],
  ['ada+vax@mail.example.org', true],
  ['ada', false],
  ['ada@', false],
  ['ada@example.org\nBcc: x@example.org', false],
  ['ada@example.org, x@example.org', false],
])('the check of the mail address %j returns %s', (text, may) => expect(isMailAddress(text)).toBe(may))
