import { expect, test } from 'vitest'
import { style } from '../assets.ts'
import { statusLabel } from './status.ts'

test.each(Object.keys(statusLabel))('the style sheet has a sign for the status %s', status =>
  expect(style.body).toContain(`.${status}::before`),
)
