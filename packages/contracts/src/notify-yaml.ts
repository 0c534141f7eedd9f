import Type, { type Static } from 'typebox'
import { yamlList, yamlText } from './yaml-schema.ts'

/** The events about which a channel can receive messages. `host-silent` includes the message that the host is back. */
export const notifyEvents = ['newly-failing', 'fixed', 'still-failing', 'bisected', 'build', 'host-silent'] as const
export type NotifyEvent = (typeof notifyEvents)[number]
export const notifyEventsDefault: NotifyEvent[] = ['newly-failing', 'fixed', 'bisected']

const secretForm = '$NOTIFY_NAME: a variable of the server whose name begins with NOTIFY_'
export const secretPattern = '^\\$NOTIFY_[A-Z0-9_]{1,60}$'
const secret = (what: string) => yamlText(secretPattern, `${what} as ${secretForm}`)
const addressPattern = 'https?://(?![^/]*@)[^\\x00-\\x20\\x7f]{1,1000}'
const webAddress = (example: string) =>
  yamlText(
    `^(${addressPattern}|${secretPattern.slice(1, -1)})$`,
    `an address such as ${example}, without a user and password in it, or ${secretForm}`,
  )
export const mailPattern = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$"
const mailAddress = yamlText(mailPattern, 'a mail address such as dev@example.org')
const nick = yamlText('^[A-Za-z_\\[\\]\\\\^{}|`][A-Za-z0-9_\\[\\]\\\\^{}|`-]{0,29}$', 'a nick of at most 30 characters')

const WrittenMatrixRoom = Type.Object(
  {
    homeserver: webAddress('https://matrix.example.org'),
    room: yamlText('^![^\\x00-\\x20\\x7f]{1,250}$', "a room's id such as '!abc:example.org'"),
    token: secret('the token'),
  },
  { additionalProperties: false, description: 'a map with homeserver, room and token' },
)

const branchPattern = yamlText('^[^\\x00-\\x1f\\x7f]{1,500}$', 'a pattern such as main')

/** An entry of `notify`: one of the kinds, with the keys of that kind. The server checks that the keys fit together. */
const WrittenNotify = Type.Object(
  {
    mail: Type.Optional(yamlList(mailAddress, 20, 'a list of mail addresses such as [dev@example.org]', 1)),
    irc: Type.Optional(
      yamlText(
        '^ircs?://[A-Za-z0-9.-]{1,250}(:[0-9]{1,5})?/[#&]?[^\\x00-\\x20\\x7f,/]{1,60}$',
        'an address with a channel, such as ircs://irc.example.org/#rumpkernel',
      ),
    ),
    slack: Type.Optional(webAddress('https://hooks.slack.com/services/…')),
    mattermost: Type.Optional(webAddress('https://mattermost.example.org/hooks/…')),
    discord: Type.Optional(webAddress('https://discord.com/api/webhooks/…')),
    matrix: Type.Optional(WrittenMatrixRoom),
    ntfy: Type.Optional(webAddress('https://ntfy.example.org/farm')),
    webhook: Type.Optional(webAddress('https://hooks.example.org/farm')),
    authors: Type.Optional(yamlText('^(true)$', 'true')),
    nick: Type.Optional(nick),
    password: Type.Optional(secret('the password')),
    token: Type.Optional(secret('the token')),
    secret: Type.Optional(secret('the secret')),
    on: Type.Optional(
      yamlList(
        yamlText(`^(${notifyEvents.join('|')})$`, `one of ${notifyEvents.join(', ')}`),
        6,
        `a list of events, such as [${notifyEventsDefault.join(', ')}]`,
        1,
      ),
    ),
    branches: Type.Optional(yamlList(branchPattern, 100, 'a list of patterns such as [main]', 1)),
  },
  { additionalProperties: false, description: 'a map with a kind of channel, such as mail: [dev@example.org]' },
)
export type WrittenNotify = Static<typeof WrittenNotify>

export const Notify = yamlList(WrittenNotify, 20, 'a list of channels, such as  - mail: [dev@example.org]')

/** The place that receives messages. Secrets are names of variables, such as $NOTIFY_SLACK. */
export const NotifyTarget = Type.Union([
  Type.Object({ kind: Type.Literal('mail'), to: Type.Array(Type.String()) }),
  Type.Object({
    kind: Type.Literal('irc'),
    server: Type.String(),
    channel: Type.String(),
    nick: Type.String(),
    password: Type.Optional(Type.String()),
  }),
  Type.Object({ kind: Type.Literal('slack'), url: Type.String() }),
  Type.Object({ kind: Type.Literal('mattermost'), url: Type.String() }),
  Type.Object({ kind: Type.Literal('discord'), url: Type.String() }),
  Type.Object({ kind: Type.Literal('matrix'), homeserver: Type.String(), room: Type.String(), token: Type.String() }),
  Type.Object({ kind: Type.Literal('ntfy'), url: Type.String(), token: Type.Optional(Type.String()) }),
  Type.Object({ kind: Type.Literal('webhook'), url: Type.String(), secret: Type.String() }),
  /** By mail to the author of the commit, if only one commit can have caused the failure. */
  Type.Object({ kind: Type.Literal('authors') }),
])
export type NotifyTarget = Static<typeof NotifyTarget>

export const NotifyRule = Type.Object({
  target: NotifyTarget,
  events: Type.Array(Type.String()),
  /** Absent: the branches that the project names. */
  branches: Type.Optional(Type.Array(Type.String())),
})
export type NotifyRule = Static<typeof NotifyRule>
