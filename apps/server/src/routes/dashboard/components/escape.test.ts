import { expect, test } from 'vitest'
import { escapeHtml } from './escape.ts'

test.each([
  ['plain', 'plain'],
  ['', ''],
  ['<b>"it\'s" & more</b>', '&lt;b&gt;&quot;it&#39;s&quot; &amp; more&lt;/b&gt;'],
  ['&lt;', '&amp;lt;'],
  ['⌘ é', '⌘ é'],
])('the page escapes %j as %j', (text, html) => expect(escapeHtml(text)).toBe(html))
