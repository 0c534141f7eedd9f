import { expect, test } from 'vitest'
import { newFailure } from '../support/message.ts'
import { cleaned, oneLine, shortened, shortenedBytes } from './text.ts'

test.each([
  ['a\r\nBcc: x@example.org', 'a Bcc: x@example.org'],
  ['\u000304red\u000f \u001b[31mred\u001b[0m', '04red [31mred [0m'],
  ['a\u202egnp.exe', 'a gnp.exe'],
  ['half \ud83d of a character', 'half \ufffd of a character'],
  ['größer 🙂', 'größer 🙂'],
])('%j becomes the line %j', (text, line) => expect(oneLine(text)).toBe(line))

test('a shortened text contains whole characters only', () => {
  expect(shortened('abc', 3)).toBe('abc')
  expect(shortened('abcd', 3)).toBe('ab…')
  expect(shortened('a🙂bc', 3)).toBe('a…')
  expect(shortenedBytes('größer', 8)).toBe('größer')
  expect(shortenedBytes('größer', 7)).toBe('grö…')
  expect(shortenedBytes('🙂🙂', 7)).toBe('🙂…')
})

test('a message has limits, and only links to web addresses', () => {
  const message = cleaned(
    newFailure({
      title: 'x'.repeat(300),
      lines: Array(100).fill('y'.repeat(2000)),
      excerpt: Array(100).fill(`\t${'z'.repeat(300)}`),
      links: [
        'javascript:alert(1)',
        'file:///etc/passwd',
        `https://a.example/${'a'.repeat(500)}`,
        'https://b.example/ä',
      ].map(url => ({ text: 'x', url })),
      unsubscribeUrl: 'mailto:x@example.org',
    }),
  )
  expect(message.title).toHaveLength(200)
  expect([message.lines.length, message.lines[0]?.length]).toEqual([40, 1000])
  expect([message.excerpt.length, message.excerpt[0]?.length]).toEqual([20, 200])
  expect(message.excerpt[0]).toMatch(/^ {4}z/)
  expect(message.links).toEqual([{ text: 'x', url: 'https://b.example/%C3%A4' }])
  expect(message.unsubscribeUrl).toBeUndefined()
})
