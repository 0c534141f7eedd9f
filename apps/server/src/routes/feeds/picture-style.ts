import { createHash } from 'node:crypto'
import type { Look } from '@rumpfarm/farm'
import { colorTokens } from '../dashboard/assets.ts'

/** The colours of a box of the matrix, by the names in styles/tokens.css. The same colours are in styles/grid.css. */
interface BoxColors {
  sign: string
  fill?: string
  text: string
}

export const boxColors: Readonly<Record<Look, BoxColors>> = {
  new: { sign: '✗', fill: 'failure-new', text: 'failure-new-text' },
  unconfirmed: { sign: '✗', fill: 'failure-background', text: 'failure' },
  failing: { sign: '✗', fill: 'failure-background', text: 'failure' },
  old: { sign: '✗', text: 'failure-old' },
  lost: { sign: '?', text: 'failure' },
  'never-ran': { sign: '○', text: 'warning' },
  flaky: { sign: '↕', text: 'warning' },
  'tests-missing': { sign: '∅', text: 'warning' },
  running: { sign: '►', fill: 'running-background', text: 'running' },
  queued: { sign: '…', text: 'text-muted' },
  cancelled: { sign: '⊘', text: 'text-muted' },
  known: { sign: '≈', text: 'text-muted' },
  prevented: { sign: '–', text: 'text-muted' },
  fixed: { sign: '✓', text: 'success' },
  passed: { sign: '✓', text: 'success-muted' },
}

const [light = '', dark = ''] = colorTokens.split('@media (prefers-color-scheme: dark)')

const valueIn = (tokens: string, name: string): string | undefined =>
  new RegExp(`--${name}: (#[0-9a-f]+);`).exec(tokens)?.[1]

/** The value of a colour in the light mode. Programs that read no style element draw the picture with it. */
export function lightColor(name: string): string {
  const value = valueIn(light, name)
  if (value === undefined) throw new Error(`styles/tokens.css has no colour ${name}`)
  return value
}

const used = [
  'surface',
  'line',
  'border',
  'text',
  ...Object.values(boxColors).flatMap(({ fill, text }) => [fill, text]),
]
const names = [...new Set(used.filter(name => name !== undefined))]

/** A class `f-NAME` for each colour. The attributes of the elements have the colours of the light mode. */
const darkRules = names.map(name => `.f-${name}{fill:${valueIn(dark, name) ?? lightColor(name)}}`).join('')

export const pictureStyle = `text{font:11px -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}.b{font-weight:600}@media(prefers-color-scheme:dark){${darkRules}}`

/** The hash of the style element for the headers of the picture. */
export const pictureStyleHash = `sha256-${createHash('sha256').update(pictureStyle).digest('base64')}`
