// The mail server is smtp-server, and mailparser reads the mails.
import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { newFailure } from '../support/message.ts'
import { makeGuard } from './guard.ts'
import { smtpServer } from './mail.ts'
import type { Channel, OutgoingMessage } from './notifier.ts'
import { makeNotifiers, notifiersWith } from './notifiers.ts'

const { key, cert } = makeCertificate()
const mailFrom = 'Rumpfarm Ünïx <farm@example.org>'

interface ReceivedMail {
  mail: ParsedMail
  raw: string
  to: string[]
  /** Whether the connection had TLS. */
  secure: boolean
  user: unknown
}

async function startMailServer(options: SMTPServerOptions) {
  const received: ReceivedMail[] = []
  const server = new SMTPServer({
    ...{ key, cert, logger: false, authOptional: true, disableReverseLookup: true, closeTimeout: 100 },
    onAuth: ({ username, password }, _session, callback) =>
      username === 'farm@example.org' && password === 'p@ss/w:ord'
        ? callback(null, { user: username })
        : callback(new Error(`535 wrong password ${password}`)),
    onData: async (stream, session, callback) => {
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      const raw = Buffer.concat(chunks)
      const to = session.envelope.rcptTo.map(({ address }) => address)
      received.push({
        mail: await simpleParser(raw),
        raw: raw.toString(),
        to,
        secure: session.secure,
        user: session.user,
      })
      callback()
    },
    ...options,
  })
  server.on('error', () => {}) // a client that refuses the certificate
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => new Promise<void>(closed => server.close(closed)))
  return { received, port: (server.server.address() as AddressInfo).port }
}

const trusting = (smtpUrl: string) => notifiersWith({ smtpUrl, mailFrom }, makeGuard({ allowPrivate: false, ca: cert }))
const plain = { authMethods: [], disabledCommands: ['AUTH', 'STARTTLS'] }
const toDev: Channel = { kind: 'mail', to: ['dev@example.org'] }

async function received(message: OutgoingMessage, to: string[] = ['dev@example.org']): Promise<ReceivedMail> {
  const { port, received } = await startMailServer(plain)
  const delivery = await makeNotifiers({ smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom, allowPrivate: false }).send(
    { kind: 'mail', to },
    message,
  )
  expect(delivery).toEqual({ kind: 'delivered' })
  return received[0] as ReceivedMail
}

test('a mail has text and HTML with the same content', async () => {
  const { mail, to } = await received(newFailure())
  expect(to).toEqual(['dev@example.org'])
  expect(mail.from?.value).toEqual([{ name: 'Rumpfarm Ünïx', address: 'farm@example.org' }])
  expect(mail.subject).toBe(newFailure().title)
  expect(mail.date).toEqual(newFailure().createdAt)
  expect(mail.text).toContain('cc: error: <unistd.h> & "x" not found – größer')
  expect(mail.text).toContain("    a.c:3: error: '<unistd.h>' & _x_")
  expect(mail.text).toContain('Build 5:\nhttps://farm.example.org/builds/5?a=1&b=2')
  expect(mail.html).toContain('cc: error: &#60;unistd.h&#62; &#38; &#34;x&#34; not found – größer')
  expect(mail.html).toContain('<a href="https://farm.example.org/builds/5?a=1&#38;b=2">Build 5</a>')
})

test('no script and no markup of a log gets into the HTML of a mail', async () => {
  const script = '<script>alert(1)</script><img src=x onerror="a">'
  const links = [
    { text: script, url: `https://farm.example.org/"><script>` },
    { text: 'x', url: 'javascript:alert(1)' },
  ]
  const { mail } = await received(newFailure({ title: script, lines: [script], excerpt: [script], links }))
  expect(mail.html).not.toMatch(/<script|<img|javascript:/)
  expect(mail.html).toContain('&#60;script&#62;')
})

test('a mail has the headers of a mailing list, and no program answers it', async () => {
  const { mail, raw } = await received(newFailure())
  const header = (name: string) => mail.headerLines.find(({ key }) => key === name)?.line.replace(/\r\n\s+/g, ' ')
  expect(header('list-id')).toBe('List-ID: <buildrump.farm.example.org>')
  expect(header('list-unsubscribe')).toBe('List-Unsubscribe: <https://farm.example.org/unsubscribe?t=abc>')
  expect(header('auto-submitted')).toBe('Auto-Submitted: auto-generated')
  expect(header('precedence')).toBe('Precedence: bulk')
  expect(Math.max(...raw.split('\r\n').map(line => Buffer.byteLength(line)))).toBeLessThanOrEqual(998) // RFC 5322
})

test('all mails of one problem are one thread, and the id of a mail is the same at each try', async () => {
  const first = await received(newFailure())
  const again = await received(newFailure())
  const fixed = await received(newFailure({ id: 'rumpfarm-18-1764460900', event: 'fixed' }))
  expect(first.mail.messageId).toBe('<rumpfarm-17-1764460800@example.org>')
  expect(again.mail.messageId).toBe(first.mail.messageId)
  expect(fixed.mail.messageId).toBe('<rumpfarm-18-1764460900@example.org>')
  for (const { mail } of [first, fixed]) {
    expect(mail.inReplyTo).toBe('<rumpfarm-problem-12@example.org>')
    expect(mail.references).toBe('<rumpfarm-problem-12@example.org>')
  }
  const alone = await received(newFailure({ thread: null }))
  expect([alone.mail.references, alone.mail.inReplyTo]).toEqual([undefined, undefined])
})

test('no text of a message can add a header or a receiver', async () => {
  const evil = 'x\r\nBcc: evil@example.org\r\n\r\nbody'
  const message = newFailure({ title: evil, list: `a${evil}`, lines: [`.\r\n.\r\nRCPT TO:<evil@example.org>`] })
  const { mail, raw, to } = await received(message, ['dev@example.org', 'ops@example.org'])
  expect(to).toEqual(['dev@example.org', 'ops@example.org'])
  expect(mail.bcc).toBeUndefined()
  expect(raw.split('\r\n\r\n')[0]).not.toMatch(/^(Bcc|RCPT)/m)
  expect(mail.subject).toBe('x Bcc: evil@example.org body')
})

test.each([
  ['smtps', { secure: true }, ''],
  ['smtp', {}, '?starttls=required'],
])('with %s, the farm logs in after TLS', async (protocol, options, query) => {
  const { port, received } = await startMailServer({ ...options, authOptional: false })
  const smtpUrl = `${protocol}://farm%40example.org:p%40ss%2Fw%3Aord@localhost:${port}${query}`
  expect(await trusting(smtpUrl).send(toDev, newFailure())).toEqual({ kind: 'delivered' })
  expect(received[0]).toMatchObject({ secure: true, user: 'farm@example.org' })
})

const failed = (problem: string, permanent = false) => ({ kind: 'failed', problem, permanent })

test('the farm sends no password without TLS', async () => {
  let logins = 0
  const { port, received } = await startMailServer({
    disabledCommands: ['STARTTLS'],
    onAuth: (_auth, _session, callback) => callback(++logins ? null : null, { user: 'x' }),
  })
  const smtpUrl = `smtp://farm:s3cret@127.0.0.1:${port}?starttls=required`
  const delivery = await trusting(smtpUrl).send(toDev, newFailure())
  expect(delivery).toMatchObject({ kind: 'failed', permanent: false })
  expect([logins, received]).toEqual([0, []])
})

test('the farm does not trust a certificate of an unknown authority', async () => {
  const { port, received } = await startMailServer({ secure: true })
  const smtpUrl = `smtps://farm%40example.org:p%40ss%2Fw%3Aord@localhost:${port}`
  const delivery = await makeNotifiers({ smtpUrl, mailFrom, allowPrivate: true }).send(toDev, newFailure())
  expect(delivery).toMatchObject({ kind: 'failed', permanent: false })
  expect(received).toEqual([])
})

test('an error of the mail server contains no password and no address', async () => {
  const { port } = await startMailServer({ secure: true, authOptional: false })
  const smtpUrl = `smtps://farm%40example.org:s3cret@localhost:${port}`
  const delivery = await trusting(smtpUrl).send(toDev, newFailure())
  expect(delivery).toMatchObject({ kind: 'failed', permanent: false })
  expect(JSON.stringify(delivery)).not.toMatch(/s3cret|@/)
  expect(JSON.stringify(delivery)).toContain('535')
})

test.each([
  [550, true],
  [554, false], // often a rule of the relay, which its operator can change
  [450, false],
])(
  'if the mail server refuses the only address with %i, the failure is permanent: %s',
  async (responseCode, permanent) => {
    const { port } = await startMailServer({
      ...plain,
      onRcptTo: ({ address }, _session, callback) =>
        callback(Object.assign(new Error(`<${address}> refused`), { responseCode })),
    })
    const delivery = await trusting(`smtp://127.0.0.1:${port}`).send(toDev, newFailure())
    expect(delivery).toEqual(failed(`the mail server answered: ${responseCode} … refused`, permanent))
  },
)

test('if the mail server refuses one of two addresses, the other one gets the mail once', async () => {
  const { port, received } = await startMailServer({
    ...plain,
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('gone') ? Object.assign(new Error('No such user'), { responseCode: 550 }) : null),
  })
  const both: Channel = { kind: 'mail', to: ['gone@example.org', 'dev@example.org'] }
  expect(await trusting(`smtp://127.0.0.1:${port}`).send(both, newFailure())).toEqual({
    kind: 'delivered',
    note: '1 of 2 addresses: the mail server answered: 550 No such user',
  })
  expect(received.map(({ to }) => to)).toEqual([['dev@example.org']])
})

test('if the mail server is away, the failure is not permanent', async () => {
  const delivery = await trusting('smtp://127.0.0.1:2').send(toDev, newFailure())
  expect(delivery).toEqual(failed('the mail server cannot be reached (ECONNREFUSED)'))
})

test('without SMTP_URL, the farm says why it sends no mail', async () => {
  const delivery = await makeNotifiers({ allowPrivate: false }).send(toDev, newFailure())
  expect(delivery).toEqual(failed('the farm sends no mail, because SMTP_URL is not set'))
})

test.each([
  ['smtps://mail.example.org', { port: 465, secure: true, requireTLS: false, ignoreTLS: false }],
  ['smtp://u:p@mail.example.org', { port: 587, secure: false, requireTLS: true, ignoreTLS: false }],
  ['smtp://mail.example.org', { port: 25, secure: false, requireTLS: false, ignoreTLS: false }],
  ['smtp://u:p@mail.example.org:25?starttls=off', { port: 25, requireTLS: false, ignoreTLS: true }],
  ['smtp://localhost', { port: 25, requireTLS: false, ignoreTLS: true }],
  ['smtp://[::1]:2525', { host: '::1', port: 2525, ignoreTLS: true }],
  ['smtp://u:p@127.0.0.1:2525?starttls=required', { port: 2525, requireTLS: true, ignoreTLS: false }],
])('SMTP_URL %s', (url, expected) => expect(smtpServer(url)).toMatchObject(expected))
