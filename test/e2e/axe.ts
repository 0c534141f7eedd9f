/// <reference lib="dom" />
// Finds what a screen reader, a keyboard or a thumb cannot use. @axe-core/playwright would need three times as long: it sends the
// source of axe (1.5 MB) to the browser twice for each analysis, and returns every element without a violation.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'
import type axe from 'axe-core'

declare const window: { axe: typeof axe }

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The violations of these rules of axe; by default, of WCAG 2.2 A and AA and of axe's good practice. */
export async function violations(page: Page, ...rules: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source)
  return page.evaluate(run, rules)
}

async function run(rules: readonly string[]): Promise<string[]> {
  const { violations } = await window.axe.run(document, {
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'],
    ...(rules.length > 0 ? { runOnly: [...rules] } : {}),
  })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
