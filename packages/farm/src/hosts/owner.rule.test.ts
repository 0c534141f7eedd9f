import type { OwnerRule } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { project } from '../../spec/farm-test.ts'
import { permits, permitsForks, permitsSome } from './owner.rule.ts'

const rulesOf = (text: string): OwnerRule[] =>
  text
    .split('; ')
    .filter(Boolean)
    .map(line => {
      const [verb = '', name = '', ...branches] = line.split(' ')
      return { verb: verb as OwnerRule['verb'], project: name, branches }
    })

// apps/agent/spec/rules.test.ts has the same table, because the farm and the agent must give the same answers.
test.each<[string, string, string | null, boolean]>([
  ['', 'sample', 'main', true],
  ['allow sample', 'sample', 'main', true],
  ['allow sample', 'sample', null, true],
  ['allow sample', 'other', 'main', false],
  ['allow sample; allow oth*', 'other', 'main', true],
  ['allow sample main release-?', 'sample', 'main', true],
  ['allow sample main release-?', 'sample', 'release-2', true],
  ['allow sample main release-?', 'sample', 'release-22', false],
  ['allow sample main', 'sample', null, false],
  ['allow sample *', 'sample', null, true],
  ['allow * topic/*', 'sample', 'topic/a/b', true],
  ['deny sample', 'sample', 'main', false],
  ['deny sample', 'other', 'main', true],
  ['deny sample wip*', 'sample', 'main', true],
  ['deny sample wip*', 'sample', 'wip-1', false],
  ['deny sample wip*', 'sample', null, false],
  ['allow *; deny sample wip*', 'sample', 'wip', false],
  ['deny sample wip*; allow *', 'sample', 'wip', false],
  ['deny sample wip*; allow *', 'sample', 'main', true],
  ['allow s.mple', 'sample', 'main', false],
  ['deny * :try', 'sample', ':try', false],
  ['deny * :try', 'sample', null, true],
  ['deny * :try', 'sample', 'main', true],
  ['deny * :try main', 'sample', null, false],
  ['deny other :try', 'sample', ':try', true],
  ['deny sample wip*', 'sample', ':try', false],
  ['allow sample', 'sample', ':try', true],
  ['allow sample *', 'sample', ':try', true],
  ['allow sample main', 'sample', ':try', false],
  ['allow sample main :try', 'sample', ':try', true],
  ['allow-forks *', 'sample', 'main', true],
  ['allow-forks *; allow sample', 'other', 'main', false],
  ['allow-forks *; deny sample', 'sample', 'main', false],
  ['allow-forks *; deny sample', 'other', null, true],
])('with the rules "%s", the answer for the project %s on the branch %s is %s', (rules, name, branch, answer) => {
  expect(permits(rulesOf(rules), name, branch)).toBe(answer)
})

test.each<[string, boolean]>([
  ['', false],
  ['allow *', false],
  ['allow forks', false],
  ['deny sample', false],
  ['allow sample; allow-forks *', true],
])('with the rules "%s", the answer for code from a fork is %s', (rules, answer) => {
  expect(permitsForks(rulesOf(rules))).toBe(answer)
})

test('a pattern with many stars takes only a short time', () => {
  const begun = process.cpuUsage()
  expect(permits(rulesOf(`allow ${'*'.repeat(30)}x ${'*a'.repeat(100)}b`), 'a'.repeat(64), 'a'.repeat(200))).toBe(false)
  expect(permits(rulesOf(`allow *x* ${'*a'.repeat(100)}b`), 'axa', 'a'.repeat(200))).toBe(false)
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(1_000)
})

test.each<[string, string[], boolean]>([
  ['', ['main'], true],
  ['allow other', ['main'], false],
  ['allow sample release*', ['main', 'master'], false],
  ['allow sample release*', ['main', 'release-1'], true],
  ['allow sample release*', ['release/**'], true],
  ['deny sample', ['**'], false],
  ['deny sample wip*', ['**'], true],
  ['allow-forks *', ['**'], true],
  ['allow-forks *; allow other', ['**'], false],
])('with the rules "%s", the answer for a project with the branches %j is %s', (rules, branches, answer) => {
  expect(permitsSome(rulesOf(rules), project({ branches }))).toBe(answer)
})
