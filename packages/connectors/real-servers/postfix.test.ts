// Postfix: TLS from the start, STARTTLS, login, and a maildir with the mails.
import { setTimeout as sleep } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeGuard } from '../src/notifiers/guard.ts'
import { notifiersWith } from '../src/notifiers/notifiers.ts'
import { makeCertificate } from '../src/support/certificate.ts'
import { newFailure } from '../src/support/message.ts'
import { hasPostfix, startPostfix } from './support/postfix.ts'

const certificate = makeCertificate()
const password = 'p@ss/w:ord'
let server: Awaited<ReturnType<typeof startPostfix>>

if (hasPostfix) {
  beforeAll(async () => {
    server = await startPostfix(certificate, password)
  })
  afterAll(() => server.stop())
}

const mailTest = test.runIf(hasPostfix)

const send = (smtpUrl: string, id: string, to = ['dev@example.org']) =>
  notifiersWith(
    { smtpUrl, mailFrom: 'Rumpfarm Ünïx <farm@example.org>' },
    makeGuard({ allowPrivate: false, ca: certificate.cert }),
  ).send({ kind: 'mail', to }, newFailure({ id }))

const login = (secret: string) => `farm%40localhost:${encodeURIComponent(secret)}@localhost`

async function arrived(id: string) {
  for (let tries = 0; tries < 100; tries += 1) {
    for (const raw of server.received()) {
      const mail = await simpleParser(raw)
      if (mail.messageId === `<${id}@example.org>`) return mail
    }
    await sleep(100)
  }
  throw new Error(`no mail ${id}:\n${server.output()}`)
}

mailTest.each([
  ['smtp', 'plain', () => `smtp://localhost:${server.plain}`],
  ['smtps', 'login', () => `smtps://${login(password)}:${server.tls}`],
  ['STARTTLS', 'starttls', () => `smtp://${login(password)}:${server.submission}?starttls=required`],
])('a mail arrives with %s', async (_name, id, url) => {
  expect(await send(url(), id)).toEqual({ kind: 'delivered' })
  const mail = await arrived(id)
  expect(mail.subject).toBe(newFailure().title)
  expect(mail.text).toContain('not found – größer')
  expect(mail.html).toContain('not found – größer')
})

mailTest('a wrong password is a failure without the password', async () => {
  const delivery = await send(`smtps://${login('wr0ng')}:${server.tls}`, 'wrong')
  expect(delivery).toMatchObject({ kind: 'failed', permanent: false })
  expect(JSON.stringify(delivery)).not.toContain('wr0ng')
})

mailTest('an address of a foreign domain is a failure, and an unknown address is a permanent failure', async () => {
  const url = `smtp://localhost:${server.plain}`
  expect(await send(url, 'foreign', ['x@elsewhere.example'])).toMatchObject({
    problem: expect.stringMatching(/^the mail server answered: 454 4.7.1 …: Relay access denied/),
    permanent: false,
  })
  expect(await send(url, 'unknown', ['x@example.org'])).toMatchObject({
    problem: expect.stringMatching(/^the mail server answered: 550 5.1.1 …: Recipient address rejected/),
    permanent: true,
  })
})
