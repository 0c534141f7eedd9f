/// <reference path="./irc-framework.d.ts" />
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'irc-framework'
import type { Guard } from './guard.ts'
import { otherNicks } from './irc-lines.ts'
import { type IrcServer, ircTransport } from './irc-transport.ts'
import { oneLine, shortened } from './text.ts'

/** Thrown if the server refuses something, or is away. The message contains no secret. */
export class IrcError extends Error {}

export interface IrcLogin {
  nick: string
  /** For SASL PLAIN, with `nick` as the account. */
  password?: string
}

const registerSecondsMax = 20
const answerSecondsMax = 15

/** Servers allow a burst of a few lines, and then one line in two seconds. RFC 1459, 8.10, allows 10 s in advance. */
const lineSeconds = 2
const burstSeconds = 8

/** A registered connection to a server. One session sends one message at a time. */
export class IrcSession {
  readonly #client: Client
  readonly #secrets: string[]
  readonly #joined = new Set<string>()
  #closed: IrcError | undefined
  #whenClosed: (error: IrcError) => void = () => {}
  #onLine: (line: string) => void = () => {}
  /** The time, in milliseconds, that the server has counted for the lines of this session. */
  #penaltyUntil = 0
  #pings = 0

  private constructor(client: Client, login: IrcLogin) {
    this.#client = client
    this.#secrets = secretsOf(login)
  }

  /** Connects, logs in and registers. Throws IrcError. */
  static async open(guard: Guard, server: IrcServer, login: IrcLogin): Promise<IrcSession> {
    const { Client } = await import('irc-framework') // 13 MB, which most farms do not need
    const session = new IrcSession(new Client(), login)
    try {
      await session.#register(guard, server, login)
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  get isOpen(): boolean {
    return this.#closed === undefined
  }

  async #register(guard: Guard, server: IrcServer, { nick, password }: IrcLogin): Promise<void> {
    const client = this.#client
    const others = otherNicks(nick)
    let isLoggedIn = false
    await this.#within(registerSecondsMax, 'the IRC server did not complete the login', (done, fail) => {
      client.on('loggedin', () => {
        isLoggedIn = true
      })
      client.on('sasl failed', ({ reason }) => fail(`the IRC server refused the login with SASL (${oneLine(reason)})`))
      client.on('nick in use', () => {
        const other = others.shift()
        if (other) client.changeNick(other)
        else fail(`the nick ${nick} and similar nicks are in use`)
      })
      client.on('nick invalid', ({ reason }) =>
        fail(`the IRC server refused the nick ${nick}: ${this.#safe(reason ?? '')}`),
      )
      client.on('registered', () => {
        if (password === undefined || isLoggedIn) done()
        else fail('the IRC server does not offer a login with SASL')
      })
      client.on('raw', ({ line, from_server: isAnswer }) => {
        if (isAnswer) this.#onLine(line.trimEnd())
      })
      client.on('socket close', error => this.#end(error))
      this.#onLine = line => {
        const refusal = /^(?:\S+ )?(?:ERROR|46[45] \S+) :?(.*)$/.exec(line.replace(/^@\S+ /, ''))
        if (refusal) fail(`the IRC server refused the connection: ${this.#safe(refusal[1] ?? '')}`)
      }
      client.connect({
        nick,
        username: 'rumpfarm',
        gecos: 'Rumpfarm',
        version: null, // no answer to CTCP VERSION
        auto_reconnect: false,
        ping_interval: 0, // the session is short, and each message waits for an answer
        ping_timeout: 0,
        message_max_length: 400,
        sasl_disconnect_on_fail: true,
        account: password === undefined ? {} : { account: nick, password },
        transport: ircTransport(guard, server),
      })
    })
  }

  /**
   * Sends lines to a channel, and waits until the server has processed them. Joins the channel only if the channel does
   * not accept messages from outside. Throws IrcError.
   */
  async say(channel: string, lines: readonly string[]): Promise<void> {
    const [first = '', ...rest] = lines
    const refusal = await this.#send(channel, ['PRIVMSG', channel, first])
    if (refusal?.code === '404' && !this.#joined.has(channel)) {
      await this.#need(channel, ['JOIN', channel])
      this.#joined.add(channel)
      await this.#need(channel, ['PRIVMSG', channel, first])
    } else if (refusal) throw new IrcError(refusal.text)
    if (rest.length > 0) await this.#need(channel, ...rest.map(line => ['PRIVMSG', channel, line]))
  }

  async #need(channel: string, ...commands: string[][]): Promise<void> {
    const refusal = await this.#send(channel, ...commands)
    if (refusal) throw new IrcError(refusal.text)
  }

  /**
   * Sends commands, and then a PING. Its PONG says that the server has processed the commands. Returns the error that the
   * server reported for the channel.
   */
  async #send(channel: string, ...commands: string[][]): Promise<{ code: string; text: string } | undefined> {
    let refusal: { code: string; text: string } | undefined
    this.#pings += 1
    const token = `farm${this.#pings}`
    for (const command of commands) await this.#pace(command)
    await this.#within(answerSecondsMax, 'the IRC server did not answer', async done => {
      this.#onLine = line => {
        const words = line.replace(/^@\S+ /, '')
        const [, code = '', target = '', text = ''] = /^:\S+ ([45]\d\d) \S+ (\S+) :?(.*)$/.exec(words) ?? []
        if (target.toLowerCase() === channel.toLowerCase())
          refusal ??= { code, text: `the IRC server answered ${code} for ${channel}: ${this.#safe(text)}` }
        if (/^:\S+ PONG /.test(words) && words.endsWith(token)) done()
      }
      await this.#pace(['PING', token])
    })
    return refusal
  }

  /** Sends a line as soon as the flood limit allows it. */
  async #pace(words: string[]): Promise<void> {
    this.#penaltyUntil = Math.max(this.#penaltyUntil, Date.now()) + lineSeconds * 1000
    const wait = this.#penaltyUntil - burstSeconds * 1000 - Date.now()
    if (wait > 0) await sleep(wait)
    if (this.#closed) throw this.#closed
    this.#client.raw(...words)
  }

  /** Runs `start` until it calls `done`. Throws IrcError after a failure, after the time limit, or if the connection ends. */
  async #within(
    seconds: number,
    problem: string,
    start: (done: () => void, fail: (problem: string) => void) => void | Promise<void>,
  ): Promise<void> {
    if (this.#closed) throw this.#closed
    const { promise, resolve, reject } = promiseParts()
    const timer = setTimeout(() => reject(new IrcError(`${problem} within ${seconds} s`)), seconds * 1000)
    this.#whenClosed = reject
    try {
      await Promise.all([start(resolve, text => reject(new IrcError(text))), promise])
    } finally {
      clearTimeout(timer)
      this.#whenClosed = () => {}
    }
  }

  #end(error: NodeJS.ErrnoException | false) {
    const code = error && (error.code ?? 'unknown error')
    const problem =
      code === 'EPRIVATE'
        ? `the IRC server: ${(error as Error).message}`
        : `the connection to the IRC server ended${code ? ` (${code})` : ''}`
    this.#closed ??= new IrcError(problem)
    this.#whenClosed(this.#closed)
  }

  #safe(text: string): string {
    return shortened(
      this.#secrets.reduce((safe, secret) => safe.replaceAll(secret, '…'), oneLine(text)),
      150,
    )
  }

  close(): void {
    this.#closed ??= new IrcError('the farm closed the connection')
    this.#client.quit('')
  }
}

function promiseParts() {
  let resolve = () => {}
  let reject: (error: IrcError) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const secretsOf = ({ nick, password }: IrcLogin): string[] =>
  password === undefined ? [] : [password, Buffer.from(`${nick}\0${nick}\0${password}`).toString('base64')]

/** The identity of a connection: messages with the same key can use the same session. */
export const sessionKey = ({ host, port, tls }: IrcServer, { nick, password = '' }: IrcLogin): string =>
  [host, port, tls, nick, createHash('sha256').update(password).digest('base64')].join(' ')
