import { type NotifyRule, type NotifyTarget, notifyEventsDefault, type WrittenNotify } from '@rumpfarm/contracts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

export const notifyKinds = [
  'mail',
  'irc',
  'slack',
  'mattermost',
  'discord',
  'matrix',
  'ntfy',
  'webhook',
  'authors',
] as const
type Kind = (typeof notifyKinds)[number]
const kindList = notifyKinds.join(', ')

/** The keys of each kind, in addition to on and branches. */
export const notifyKeysOf: Partial<Record<Kind, readonly (keyof WrittenNotify)[]>> = {
  irc: ['nick', 'password'],
  ntfy: ['token'],
  webhook: ['secret'],
}
const extraKeys = ['nick', 'password', 'token', 'secret'] as const

/** Errors of a list `notify` that a schema cannot describe. Only the list of the whole farm can name hosts. */
export const notifyFindings = (list: readonly WrittenNotify[] = [], isFarmWide: boolean): Finding[] =>
  list.flatMap((entry, index) =>
    entryFindings(entry, isFarmWide).map(finding => ({ ...finding, path: ['notify', index, ...finding.path] })),
  )

function entryFindings(entry: WrittenNotify, isFarmWide: boolean): Finding[] {
  const [kind, second] = notifyKinds.filter(name => entry[name] !== undefined)
  if (kind === undefined)
    return [{ path: [], at: 'value', found: 'no kind of channel', expected: `one of ${kindList}` }]
  if (second !== undefined)
    return [
      { path: [second], at: 'key', found: `${kind} and ${second}`, expected: 'one kind in each entry of the list' },
    ]
  const findings: Finding[] = extraKeys
    .filter(key => entry[key] !== undefined && !notifyKeysOf[kind]?.includes(key))
    .map(key => ({ path: [key], at: 'key', found: show(key), expected: `a key that belongs to ${kind}` }))
  if (kind === 'webhook' && entry.secret === undefined)
    findings.push({
      path: [kind],
      at: 'key',
      found: 'no secret',
      expected: 'secret: $NOTIFY_NAME, which signs the messages',
    })
  if (kind === 'authors') findings.push(...authorsFindings(entry, isFarmWide))
  else if (!isFarmWide && entry.on?.includes('host-silent'))
    findings.push({
      path: ['on'],
      at: 'value',
      found: show('host-silent'),
      expected: 'this event only in the list notify of the whole farm, because a host belongs to no project',
    })
  return findings
}

/** The events that can be about a single commit. */
const authorsEvents: readonly string[] = ['newly-failing', 'bisected']

function authorsFindings({ on = [] }: WrittenNotify, isFarmWide: boolean): Finding[] {
  const expected = 'this only in the list notify of a project, because each project decides about mail to its authors'
  if (isFarmWide) return [{ path: ['authors'], at: 'key', found: show('authors'), expected }]
  const wrong = on.find(event => !authorsEvents.includes(event))
  return wrong === undefined
    ? []
    : [{ path: ['on'], at: 'value', found: show(wrong), expected: `${authorsEvents.join(' or ')} for authors` }]
}

/** The entries with every default filled in. `notifyFindings` has found no error. */
export const fillInNotify = (list: readonly WrittenNotify[]): NotifyRule[] =>
  list.map(entry => ({
    target: targetOf(entry),
    events: entry.on ?? (entry.authors ? [...authorsEvents] : notifyEventsDefault),
    ...(entry.branches === undefined ? {} : { branches: entry.branches }),
  }))

function targetOf(entry: WrittenNotify): NotifyTarget {
  const { mail, irc, matrix, ntfy, webhook } = entry
  if (mail) return { kind: 'mail', to: mail }
  if (entry.authors) return { kind: 'authors' }
  if (irc) return ircOf(irc, entry)
  if (matrix) return { kind: 'matrix', ...matrix }
  if (ntfy) return { kind: 'ntfy', url: ntfy, ...(entry.token === undefined ? {} : { token: entry.token }) }
  if (webhook) return { kind: 'webhook', url: webhook, secret: entry.secret ?? '' }
  const kind = (['slack', 'mattermost', 'discord'] as const).find(name => entry[name] !== undefined) ?? 'slack'
  return { kind, url: entry[kind] ?? '' }
}

function ircOf(address: string, { nick = 'rumpfarm', password }: WrittenNotify): NotifyTarget {
  const [, server = '', channel = ''] = /^(ircs?:\/\/[^/]+)\/(.+)$/.exec(address) ?? []
  return {
    kind: 'irc',
    server,
    channel: /^[#&]/.test(channel) ? channel : `#${channel}`,
    nick,
    ...(password === undefined ? {} : { password }),
  }
}
