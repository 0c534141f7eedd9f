import { expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

const read = (text: string) => readFarmYaml(text, { file: 'farm.yaml', directory: '/srv/farm' })
const project = 'projects:\n  p:\n    repository: .\n    steps: [{ build: make }]\n'

/** The channels of a project, or the messages about mistakes. */
function channels(lines: string) {
  const reading = read(`${project}    notify:\n${lines.replace(/^(?=.)/gm, '      ')}\n`)
  return reading.kind === 'ok' ? (reading.projects[0]?.notify ?? []) : reading.mistakes.map(describeMistake)
}

const events = ['newly-failing', 'fixed', 'bisected']

test.each<[string, unknown]>([
  ['- mail: [a@example.org]', { target: { kind: 'mail', to: ['a@example.org'] }, events }],
  [
    '- mail: [a@example.org]\n  on: [fixed, build]\n  branches: [main]',
    { target: { kind: 'mail', to: ['a@example.org'] }, events: ['fixed', 'build'], branches: ['main'] },
  ],
  [
    '- irc: ircs://irc.example.org/#rumpkernel\n  password: $NOTIFY_IRC',
    {
      target: {
        kind: 'irc',
        server: 'ircs://irc.example.org',
        channel: '#rumpkernel',
        nick: 'rumpfarm',
        password: '$NOTIFY_IRC',
      },
      events,
    },
  ],
  [
    '- irc: irc://irc.example.org:6668/farm\n  nick: bot',
    { target: { kind: 'irc', server: 'irc://irc.example.org:6668', channel: '#farm', nick: 'bot' }, events },
  ],
  ['- slack: $NOTIFY_SLACK', { target: { kind: 'slack', url: '$NOTIFY_SLACK' }, events }],
  [
    '- mattermost: https://m.example.org/hooks/x',
    { target: { kind: 'mattermost', url: 'https://m.example.org/hooks/x' }, events },
  ],
  [
    "- matrix: {homeserver: https://m.example.org, room: '!a:example.org', token: $NOTIFY_MATRIX}",
    {
      target: { kind: 'matrix', homeserver: 'https://m.example.org', room: '!a:example.org', token: '$NOTIFY_MATRIX' },
      events,
    },
  ],
  ['- authors: true', { target: { kind: 'authors' }, events: ['newly-failing', 'bisected'] }],
  ['- authors: true\n  on: [bisected]', { target: { kind: 'authors' }, events: ['bisected'] }],
  ['- ntfy: https://ntfy.example.org/farm', { target: { kind: 'ntfy', url: 'https://ntfy.example.org/farm' }, events }],
  [
    '- webhook: https://x.example.org/\n  secret: $NOTIFY_HOOK',
    { target: { kind: 'webhook', url: 'https://x.example.org/', secret: '$NOTIFY_HOOK' }, events },
  ],
])('%s', (lines, expected) => expect(channels(lines)).toEqual([expected]))

test('authors only get the events that can be about one commit, and only in the list of a project', () => {
  expect(channels('- authors: true\n  on: [fixed]').join()).toContain('newly-failing or bisected for authors')
  expect(channels('- authors: false').join()).toContain('authors')
  const wide = read(`notify:\n  - authors: true\n${project}`)
  expect(wide.kind === 'ok' ? '' : wide.mistakes.map(describeMistake).join()).toContain(
    'only in the list notify of a project',
  )
})

test.each([
  ['- mails: [a@example.org]', '"mails" (unknown key), expected one of mail, irc'],
  [
    '- on: [fixed]',
    'found no kind of channel, expected one of mail, irc, slack, mattermost, discord, matrix, ntfy, webhook',
  ],
  ['- mail: [a@example.org]\n  slack: $NOTIFY_X', 'found mail and slack, expected one kind in each entry of the list'],
  ['- mail: [a@example.org]\n  token: $NOTIFY_X', 'found "token", expected a key that belongs to mail'],
  ['- mail: [nobody]', 'expected a mail address such as dev@example.org'],
  ['- mail: []', 'a list of 0 (at least 1)'],
  ['- webhook: https://x.example.org/', 'found no secret, expected secret: $NOTIFY_NAME, which signs the messages'],
  [
    '- webhook: https://x.example.org/\n  secret: whsec_abc',
    'expected the secret as $NOTIFY_NAME: a variable of the server',
  ],
  ['- slack: https://me:x@hooks.example.org/', 'without a user and password in it'],
  ['- slack: file:///etc/passwd', 'expected an address such as https://hooks.slack.com'],
  [
    '- mail: [a@example.org]\n  on: [broken]',
    'expected one of newly-failing, fixed, still-failing, bisected, build, host-silent',
  ],
  ['- mail: [a@example.org]\n  on: [host-silent]', 'expected this event only in the list notify of the whole farm'],
  [
    '- irc: https://irc.example.org/#x',
    'expected an address with a channel, such as ircs://irc.example.org/#rumpkernel',
  ],
])('%s is a mistake: %s', (lines, message) => expect(channels(lines).join('\n')).toContain(message))

test('the whole farm has channels and a wait of its own', () => {
  const reading = read(`notify:\n  - mail: [a@example.org]\n    on: [host-silent]\nnotify-after: 2m\n${project}`)
  expect(reading).toMatchObject({
    farmWide: { notify: [{ target: { kind: 'mail' }, events: ['host-silent'] }], notifyAfterSeconds: 120 },
  })
  expect(read(project)).toMatchObject({ farmWide: { notify: [], notifyAfterSeconds: 60 } })
  const long = read(`notify-after: 2h\n${project}`)
  expect(long.kind === 'mistakes' && long.mistakes.map(describeMistake)).toEqual([
    'farm.yaml:1:15: notify-after: found "2h", expected from 0s to 1h',
  ])
})

test('a list has at most 20 channels', () => {
  const many = Array.from({ length: 21 }, (_, index) => `- mail: [a${index}@example.org]`).join('\n')
  expect(channels(many).join('\n')).toContain('a list of 21 (at most 20)')
})
