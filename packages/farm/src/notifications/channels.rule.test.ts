import type { NotifyTarget } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { type Addressed, type ChannelRule, labelOf, wants } from './channels.rule.ts'

const change: Addressed = { event: 'newly-failing', project: 'sample', branch: 'main' }
const rule: ChannelRule = { project: 'sample', events: ['newly-failing', 'fixed'], branches: null }
const host = { event: 'host-silent', project: null, branch: null } as const

test.each<[string, Partial<ChannelRule>, Partial<Addressed>, boolean]>([
  ['the event and the branch match', {}, {}, true],
  ['a list of the whole farm', { project: null }, {}, true],
  ['another project', { project: 'other' }, {}, false],
  ['another event', {}, { event: 'build' }, false],
  ['a branch that the project does not build', {}, { branch: 'topic' }, false],
  ['a pattern of the rule', { branches: ['release/*'] }, { branch: 'release/1' }, true],
  ['a branch that the rule does not name', { branches: ['release/*'] }, {}, false],
  ['a build without a branch', {}, { branch: null }, true],
  ['a silent host', { project: null, events: ['host-silent'] }, host, true],
  ['a host that is back', { project: null, events: ['host-silent'] }, { ...host, event: 'host-back' }, true],
  ['a silent host and the rule of a project', { events: ['host-silent'] }, host, false],
])('%s', (_, given, about, expected) => {
  expect(wants({ ...rule, ...given }, { ...change, ...about }, ['main'])).toBe(expected)
})

test.each<[NotifyTarget, string]>([
  [{ kind: 'mail', to: ['a@example.org', 'b@example.org'] }, 'a@example.org, b@example.org'],
  [
    { kind: 'irc', server: 'ircs://irc.example.org', channel: '#farm', nick: 'rumpfarm' },
    '#farm on ircs://irc.example.org',
  ],
  [{ kind: 'slack', url: 'https://hooks.example.org/T0/B0/secret' }, 'https://hooks.example.org'],
  [{ kind: 'slack', url: '$NOTIFY_SLACK' }, '$NOTIFY_SLACK'],
])('the label of %j is %s', (target, label) => expect(labelOf(target)).toBe(label))
