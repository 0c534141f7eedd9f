// The IRC server is ngircd. `pnpm test:notifiers` also runs InspIRCd with Atheme.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { newFailure } from '../support/message.ts'
import { hasNgircd, joinAs, startNgircd } from '../support/ngircd.ts'
import { makeGuard } from './guard.ts'
import { ircLines, isIrcChannel, isIrcNick } from './irc-lines.ts'
import { makeNotifiers, notifiersWith } from './notifiers.ts'

const certificate = makeCertificate()

/** Notifiers that close their connections after the test. */
function open(ca?: string) {
  const notifiers = notifiersWith({}, makeGuard({ allowPrivate: true, ...(ca && { ca }) }))
  onTestFinished(() => notifiers.close())
  return notifiers
}

const short = (number: number) => newFailure({ id: `m${number}`, title: `message ${number}`, lines: [], links: [] })
const at = (server: string, channel = '#farm', nick = 'rumpfarm') => ({ kind: 'irc' as const, server, channel, nick })
const failed = (problem: string, more = {}) => ({ kind: 'failed', problem, permanent: false, ...more })

test('a message has at most four lines of 400 bytes, and only its first character has a colour', () => {
  const evil = 'x\r\nQUIT :bye\u0003\u0001'
  const lines = ircLines(newFailure({ title: evil, lines: ['ä'.repeat(400), evil, evil, evil] }))
  expect(lines).toHaveLength(4)
  expect(lines[0]).toBe('\u000304✗\u0003 x QUIT :bye')
  expect(lines.slice(1).join('')).not.toMatch(/\p{Cc}/u)
  for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(400)
  expect(ircLines(newFailure({ event: 'bisected', title: 'x', lines: [], links: [] }))).toEqual(['x'])
})

test.each([
  ['#farm', true],
  ['#rump-kernel', true],
  ['farm', false],
  ['#a,#b', false],
  ['#a b', false],
  ['#a\r\nQUIT', false],
])('%j is the name of a channel: %s', (name, valid) => expect(isIrcChannel(name)).toBe(valid))

test.each([
  ['rumpfarm', true],
  ['[farm]', true],
  ['1farm', false],
  ['a b', false],
  ['a\r\nb', false],
])('%j is a nick: %s', (name, valid) => expect(isIrcNick(name)).toBe(valid))

test('a channel or a nick that is not valid never gets to a server', async () => {
  const notifiers = open()
  const permanent = { permanent: true }
  expect(await notifiers.send(at('irc://127.0.0.1:2', '#a\r\nQUIT'), short(1))).toEqual(
    failed('the name of the IRC channel is not valid', permanent),
  )
  expect(await notifiers.send(at('irc://127.0.0.1:2', '#a', 'a\r\nb'), short(1))).toEqual(
    failed('the IRC nick is not valid', permanent),
  )
  expect(await notifiers.send({ ...at('irc://127.0.0.1:2'), password: 's3cret' }, short(1))).toEqual(
    failed('the farm sends an IRC password only over TLS: use ircs://', permanent),
  )
})

test('the farm does not connect to a private address', async () => {
  const notifiers = makeNotifiers({ allowPrivate: false })
  for (const host of ['127.0.0.1', '[::1]', 'localhost', '0x7f.1'])
    expect(await notifiers.send(at(`irc://${host}:2`), short(1))).toEqual(
      failed('the IRC server: its address is private; NOTIFY_PRIVATE=true allows private addresses'),
    )
})

test('if the server is away, the failure is not permanent', async () => {
  expect(await open().send(at('irc://127.0.0.1:2'), short(1))).toEqual(
    failed('the connection to the IRC server ended (ECONNREFUSED)'),
  )
})

test('a server that sends a line without end is no problem for the farm', async () => {
  const server = createServer(socket => {
    socket.on('error', () => {})
    const more = () => {
      while (!socket.destroyed && socket.write('x'.repeat(65_536)));
      if (!socket.destroyed) socket.once('drain', more)
    }
    more()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const delivery = await open().send(at(`irc://127.0.0.1:${port}`), short(1))
  expect(delivery).toMatchObject({ kind: 'failed', permanent: false })
})

const ircTest = test.runIf(hasNgircd)

ircTest('a channel that accepts messages from outside gets one, and the farm does not join', async () => {
  const { plain } = await startNgircd(certificate)
  const person = await joinAs('ann', '#open', plain)
  expect(await open().send(at(`irc://127.0.0.1:${plain}`, '#open'), newFailure())).toEqual({ kind: 'delivered' })
  await person.until(/PRIVMSG #open :https/)
  expect(person.heard()).toEqual(ircLines(newFailure()))
  expect(person.lines.filter(line => /^:rumpfarm\S* JOIN/.test(line))).toEqual([])
})

ircTest('the farm joins a channel that accepts no messages from outside, over TLS', async () => {
  const { plain, tls } = await startNgircd(certificate)
  const person = await joinAs('ann', '#farm', plain)
  expect(await open(certificate.cert).send(at(`ircs://localhost:${tls}`), short(1))).toEqual({ kind: 'delivered' })
  await person.until(/PRIVMSG #farm/)
  expect(person.lines.filter(line => /^:rumpfarm\S* JOIN/.test(line))).toHaveLength(1)
  expect(person.heard()).toEqual(['\u000304✗\u0003 message 1'])
})

ircTest('the farm does not trust a certificate of an unknown authority', async () => {
  const { tls } = await startNgircd(certificate)
  expect(await open().send(at(`ircs://localhost:${tls}`), short(1))).toEqual(
    failed('the connection to the IRC server ended (DEPTH_ZERO_SELF_SIGNED_CERT)'),
  )
})

ircTest('messages that come at once share one connection, and the server does not see a flood', async () => {
  const { plain } = await startNgircd(certificate)
  const person = await joinAs('ann', '#open', plain)
  const notifiers = open()
  const numbers = [1, 2, 3, 4, 5, 6, 7]
  const start = Date.now()
  const sent = numbers.map(number => notifiers.send(at(`irc://127.0.0.1:${plain}`, '#open'), short(number)))
  const deliveries = await Promise.all(sent)
  expect(deliveries.map(({ kind }) => kind)).toEqual([...Array(5).fill('delivered'), 'failed', 'failed'])
  expect(deliveries[6]).toMatchObject({ problem: '5 messages wait for this IRC server already', retryAfterSeconds: 60 })
  await person.until(/message 5/)
  expect(person.heard()).toEqual([1, 2, 3, 4, 5].map(number => `\u000304✗\u0003 message ${number}`))
  expect(Date.now() - start).toBeGreaterThan(10_000) // five messages and five pings, of which four can come at once
  person.write('WHOIS rumpfarm')
  await person.until(/ 317 /)
})

ircTest('if somebody has the nick of the farm, the farm uses a similar nick', async () => {
  const { plain } = await startNgircd(certificate)
  const person = await joinAs('rumpfarm', '#open', plain)
  await joinAs('rumpfarm_', '#open', plain)
  expect(await open().send(at(`irc://127.0.0.1:${plain}`, '#open'), short(1))).toEqual({ kind: 'delivered' })
  await person.until(/^:rumpfarm1\S* PRIVMSG/)
})

ircTest('a refusal of the server is a failure with the words of the server', async () => {
  const { plain } = await startNgircd(certificate)
  const notifiers = open()
  const server = `irc://127.0.0.1:${plain}`
  expect(await notifiers.send(at(server, '#invited'), short(1))).toEqual(
    failed('the IRC server answered 473 for #invited: Cannot join channel (+i) -- Invited users only'),
  )
  expect(await notifiers.send(at(server, '#farm', 'averylongnick'), short(1))).toMatchObject({
    problem: expect.stringMatching(/refused the nick averylongnick: Nickname too long/),
  })
})

ircTest('a password for a server without SASL is a failure, and the farm does not send the password', async () => {
  const { tls } = await startNgircd(certificate)
  const delivery = await open(certificate.cert).send({ ...at(`ircs://localhost:${tls}`), password: 's3cret' }, short(1))
  expect(delivery).toMatchObject({ kind: 'failed', problem: expect.stringContaining('SASL') })
  expect(JSON.stringify(delivery)).not.toContain('s3cret')
})
