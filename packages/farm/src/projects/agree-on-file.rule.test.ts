import { expect, test } from 'vitest'
import { type AgreedFile, decideFile, type FileDecision } from './agree-on-file.rule.ts'

const agreed: AgreedFile = { sum: 'new', sameProjects: false, wasActive: true, others: true, newest: false }
const starts = undefined

const table: [string, string, string | undefined, Partial<AgreedFile>, FileDecision][] = [
  ['a server starts with the active text', 'new', starts, { sameProjects: true }, 'active'],
  ['a server starts with an older text beside others', 'old', starts, {}, 'older'],
  ['a server starts with an older text alone', 'old', starts, { others: false }, 'apply'],
  ['a server starts with a text that nobody had', 'newer', starts, { wasActive: false }, 'apply'],
  ['somebody writes a new text', 'newer', 'new', { wasActive: false }, 'apply'],
  ['somebody writes a new text on a server with an older one', 'newer', 'old', { wasActive: false }, 'apply'],
  ['somebody changes the active text back', 'old', 'new', {}, 'apply'],
  ['a server with an older text gets another older one', 'old', 'oldest', {}, 'older'],
  ['a server with an older text gets the active one', 'new', 'old', { sameProjects: true }, 'active'],
  ['the same text has other paths on this machine', 'new', starts, {}, 'active'],
  ['a newer version reads the same text in another way', 'new', starts, { newest: true }, 'apply'],
  ['a server alone reads the same text in another way', 'new', starts, { others: false }, 'apply'],
  ['an older farm accepted the active file', 'new', starts, { sum: null, wasActive: false }, 'apply'],
]

for (const [what, sum, previousSum, changes, decision] of table) {
  test(`${what}: ${decision}`, () => {
    expect(decideFile({ sum, previousSum }, { ...agreed, ...changes })).toBe(decision)
  })
}
