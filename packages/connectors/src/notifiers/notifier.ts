/** A message of the farm, before it has the format of a channel. All texts are plain text. */
export interface OutgoingMessage {
  /**
   * The identifier of this message on this channel. It is the same at each try, so that the receiver can recognise a
   * repetition. At most 64 of the characters A-Z a-z 0-9 . _ -
   */
  id: string
  /** All messages of one problem have the same thread; null if the message belongs to no thread. Same characters as `id`. */
  thread: string | null
  event: MessageEvent
  /** One line of at most 200 characters. */
  title: string
  /** Plain sentences. */
  lines: string[]
  /** The failing line and its neighbours: at most 20 lines of at most 200 characters. */
  excerpt: string[]
  links: { text: string; url: string }[]
  /** The name of the list for List-Id, for example `buildrump.farm.example.org`. */
  list: string
  createdAt: Date
  /** The body of a signed webhook. */
  data: Record<string, unknown>
  unsubscribeUrl?: string
}

export type MessageEvent =
  | 'newly-failing'
  | 'fixed'
  | 'still-failing'
  | 'build'
  | 'bisected'
  | 'host-silent'
  | 'host-back'
  | 'test'
  | 'confirm'

/** The place that receives a message, with its secrets. Only the process that sends a message has this value. */
export type Channel =
  | MailChannel
  | IrcChannel
  | SlackChannel
  | DiscordChannel
  | MatrixChannel
  | NtfyChannel
  | WebhookChannel

export interface MailChannel {
  kind: 'mail'
  to: string[]
}

export interface IrcChannel {
  kind: 'irc'
  /** `ircs://host[:port]` or `irc://host[:port]`. The default ports are 6697 and 6667. */
  server: string
  /** For example `#rumpkernel`. */
  channel: string
  nick: string
  /** The password of the account `nick`, for SASL PLAIN. */
  password?: string
}

export interface SlackChannel {
  kind: 'slack' | 'mattermost'
  url: string
}

export interface DiscordChannel {
  kind: 'discord'
  url: string
}

export interface MatrixChannel {
  kind: 'matrix'
  /** The address of the homeserver, for example `https://matrix.example.org`. */
  homeserver: string
  /** The room's id, for example `!abc:example.org`. The account of the token must be a member of the room. */
  room: string
  token: string
}

export interface NtfyChannel {
  kind: 'ntfy'
  /** The address of the server and the topic, for example `https://ntfy.example.org/farm`. */
  url: string
  token?: string
}

export interface WebhookChannel {
  kind: 'webhook'
  url: string
  /** The secret of Standard Webhooks: `whsec_` and base64. */
  secret: string
}

/** The result of one try to deliver a message. */
export type Delivery =
  /** `note` says what was not perfect: for example, the mail server refused one of several addresses. */
  { kind: 'delivered'; note?: string } | FailedDelivery

export interface FailedDelivery {
  kind: 'failed'
  /** What happened, for a page or a log. It contains no address, token or password. */
  problem: string
  /** True if a further try cannot succeed before somebody changes the channel, for example after the status 410. */
  permanent: boolean
  /** The pause that the receiver wants before the next try. */
  retryAfterSeconds?: number
}

export interface Notifiers {
  /** Makes one try, which ends within two minutes. Every failure is a value. */
  send(channel: Channel, message: OutgoingMessage): Promise<Delivery>
  /** Closes the open connections. */
  close(): Promise<void>
}

export interface NotifierSettings {
  /** `smtp://` or `smtps://` with user and password; without it, the farm sends no mail. */
  smtpUrl?: string
  /** The sender of mail, for example `Rumpfarm <farm@example.org>`. */
  mailFrom?: string
  /** Whether the farm may connect to private addresses, such as 10.0.0.0/8 or 127.0.0.1. */
  allowPrivate: boolean
}
