// InspIRCd with Atheme: accounts, SASL, and its own limit of floods.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { makeGuard } from '../src/notifiers/guard.ts'
import { notifiersWith } from '../src/notifiers/notifiers.ts'
import { makeCertificate } from '../src/support/certificate.ts'
import { newFailure } from '../src/support/message.ts'
import { joinAs } from '../src/support/ngircd.ts'
import { hasInspircd, startInspircd } from './support/inspircd.ts'

const certificate = makeCertificate()
const password = 'pass:wörd-π'
let server: Awaited<ReturnType<typeof startInspircd>>

const open = () => {
  const notifiers = notifiersWith({}, makeGuard({ allowPrivate: true, ca: certificate.cert }))
  onTestFinished(() => notifiers.close())
  return notifiers
}
const short = (number: number) => newFailure({ id: `m${number}`, title: `message ${number}`, lines: [], links: [] })
const at = (channel: string) => ({
  kind: 'irc' as const,
  server: `ircs://localhost:${server.tls}`,
  channel,
  nick: 'rumpfarm',
})

/** Registers the account of the farm with Atheme's NickServ. Atheme needs a moment to connect. */
async function register() {
  const client = await joinAs('rumpfarm', '#setup', server.plain)
  for (let tries = 0; !client.lines.some(line => / NOTICE rumpfarm :.*registered/.test(line)); tries += 1) {
    if (tries === 20) throw new Error(`${client.lines.join('\n')}\n${server.output()}`)
    client.write(`PRIVMSG NickServ :REGISTER ${password} farm@example.net`)
    await sleep(500)
  }
  client.write('QUIT')
  await sleep(200)
}

if (hasInspircd) {
  beforeAll(async () => {
    server = await startInspircd(certificate)
  })
  afterAll(() => server.stop())
}

const ircTest = test.runIf(hasInspircd)

ircTest('with the right password, the farm may send to a channel for registered people', async () => {
  await register()
  const person = await joinAs('ann', '#registered', server.plain)
  person.write('MODE #registered +R')
  await person.until(/MODE #registered/)
  expect(await open().send(at('#registered'), short(1))).toEqual({
    kind: 'failed',
    problem: expect.stringMatching(/^the IRC server answered 477 for #registered: /),
    permanent: false,
  })
  const login = { ...at('#registered'), password }
  expect(await open().send(login, short(2))).toEqual({ kind: 'delivered' })
  await person.until(/PRIVMSG #registered :.*message 2/)
})

ircTest('with a wrong password, the farm sends nothing', async () => {
  const person = await joinAs('bob', '#wrong', server.plain)
  const delivery = await open().send({ ...at('#wrong'), password: 'wr0ng' }, short(1))
  expect(delivery).toEqual({
    kind: 'failed',
    problem: 'the IRC server refused the login with SASL (fail)',
    permanent: false,
  })
  expect(person.heard()).toEqual([])
})

ircTest('messages that come at once do not exceed the flood limit', async () => {
  const person = await joinAs('eve', '#flood', server.plain)
  const notifiers = open()
  const deliveries = await Promise.all([1, 2, 3, 4, 5].map(number => notifiers.send(at('#flood'), short(number))))
  expect(deliveries).toEqual(Array(5).fill({ kind: 'delivered' }))
  await person.until(/message 5/)
  expect(person.heard()).toHaveLength(5)
  expect(person.lines.filter(line => /^:rumpfarm\S* (JOIN|QUIT)/.test(line))).toHaveLength(1)
})
