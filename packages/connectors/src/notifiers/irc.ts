import type { Guard } from './guard.ts'
import { ircLines, isIrcChannel, isIrcNick } from './irc-lines.ts'
import { IrcError, type IrcLogin, IrcSession, sessionKey } from './irc-session.ts'
import type { IrcServer } from './irc-transport.ts'
import type { Delivery, IrcChannel, OutgoingMessage } from './notifier.ts'

/** After the last message, the connection stays open for this time. */
const idleSeconds = 20

/** Because of the flood limit, more messages would wait longer than a minute. */
const waitingMax = 5
const pauseSeconds = 60

export interface IrcSender {
  send(channel: IrcChannel, message: OutgoingMessage): Promise<Delivery>
  close(): void
}

/** One place for each server and login. Its messages wait for each other. */
interface Place {
  waiting: number
  tail: Promise<unknown>
  session?: IrcSession
  idle?: NodeJS.Timeout
}

/** Sends messages to IRC channels, with one connection for each server and nick. */
export function makeIrcSender(guard: Guard): IrcSender {
  const places = new Map<string, Place>()

  const leave = (key: string, place: Place) => {
    if (places.get(key) === place) places.delete(key)
    clearTimeout(place.idle)
    place.session?.close()
  }

  const deliver = async (key: string, place: Place, { server, login, channel, lines }: IrcMessage) => {
    clearTimeout(place.idle)
    try {
      if (!place.session?.isOpen) place.session = await IrcSession.open(guard, server, login)
      await place.session.say(channel, lines)
    } finally {
      place.waiting -= 1
      if (place.waiting === 0) place.idle = setTimeout(leave, idleSeconds * 1000, key, place).unref()
    }
  }

  const send: IrcSender['send'] = async (channel, message) => {
    const read = readIrcMessage(channel, message)
    if ('kind' in read) return read
    const key = sessionKey(read.server, read.login)
    const place: Place = places.get(key) ?? { waiting: 0, tail: Promise.resolve() }
    places.set(key, place)
    if (place.waiting >= waitingMax) return tooMany
    place.waiting += 1
    const delivered = place.tail.then(() => deliver(key, place, read))
    place.tail = delivered.catch(() => {})
    try {
      await delivered
      return { kind: 'delivered' }
    } catch (error) {
      if (error instanceof IrcError) return { kind: 'failed', problem: error.message, permanent: false }
      throw error
    }
  }

  const close = () => {
    for (const [key, place] of places) leave(key, place)
  }
  return { send, close }
}

const tooMany: Delivery = {
  kind: 'failed',
  problem: `${waitingMax} messages wait for this IRC server already`,
  permanent: false,
  retryAfterSeconds: pauseSeconds,
}

interface IrcMessage {
  server: IrcServer
  login: IrcLogin
  channel: string
  lines: string[]
}

function readIrcMessage(
  { server, channel, nick, password }: IrcChannel,
  message: OutgoingMessage,
): IrcMessage | Delivery {
  const { protocol, hostname, port } = new URL(server)
  const tls = protocol === 'ircs:'
  if (!isIrcChannel(channel)) return refused('the name of the IRC channel is not valid')
  if (!isIrcNick(nick)) return refused('the IRC nick is not valid')
  if (password !== undefined && !tls) return refused('the farm sends an IRC password only over TLS: use ircs://')
  return {
    server: { host: hostname, port: Number(port) || (tls ? 6697 : 6667), tls },
    login: { nick, ...(password !== undefined && { password }) },
    channel,
    lines: ircLines(message),
  }
}

const refused = (problem: string): Delivery => ({ kind: 'failed', problem, permanent: true })
