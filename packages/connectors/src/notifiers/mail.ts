import { createTransport } from 'nodemailer'
import { mailBodies } from './mail-text.ts'
import type { Delivery, MailChannel, OutgoingMessage } from './notifier.ts'
import { oneLine, shortened } from './text.ts'

export interface MailSettings {
  /** `smtp://` or `smtps://`, with user and password in it. */
  smtpUrl: string
  /** The sender, for example `Rumpfarm <farm@example.org>`. */
  mailFrom: string
  /** Additional certificate authorities, for tests. */
  ca?: string
}

const connectSecondsMax = 10
const silenceSecondsMax = 20
const sendSecondsMax = 45

/** Sends one mail to all receivers of a channel. */
export type SendMail = (channel: MailChannel, message: OutgoingMessage) => Promise<Delivery>

/**
 * Returns a function that sends mail through one server. Each mail has its own connection.
 *
 * The address of the server comes from the operator, so it may be private.
 */
export function makeMailer({ smtpUrl, mailFrom, ca }: MailSettings): SendMail {
  const server = smtpServer(smtpUrl)
  const transport = createTransport({
    ...server,
    ...(ca !== undefined && { tls: { ca } }),
    connectionTimeout: connectSecondsMax * 1000,
    dnsTimeout: connectSecondsMax * 1000,
    socketTimeout: silenceSecondsMax * 1000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const secrets = [server.auth?.pass, server.auth?.user].filter(secret => secret !== undefined)
  return async ({ to }, message) => {
    try {
      const { rejectedErrors = [] } = await transport.sendMail({
        ...mailOf(message, { to, mailFrom }),
        signal: AbortSignal.timeout(sendSecondsMax * 1000),
      })
      if (rejectedErrors.length === 0) return { kind: 'delivered' }
      // A further try would send a second mail to the others.
      return {
        kind: 'delivered',
        note: `${rejectedErrors.length} of ${to.length} addresses: ${problemOf(rejectedErrors[0] ?? {}, secrets)}`,
      }
    } catch (error) {
      return {
        kind: 'failed',
        problem: problemOf(error as SmtpError, secrets),
        permanent: isUnknown(error as SmtpError),
      }
    }
  }
}

/**
 * Reads SMTP_URL. With a login, the connection must have TLS before the farm sends the password, except to this machine.
 * `?starttls=required`, `optional` or `off` overrides the choice for smtp://.
 */
export function smtpServer(smtpUrl: string) {
  const { protocol, hostname, port, username, password, searchParams } = new URL(smtpUrl)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = protocol === 'smtps:'
  const isHere = /^(localhost|127\.[\d.]+|::1)$/.test(host)
  const starttls = searchParams.get('starttls') ?? (isHere ? 'off' : username ? 'required' : 'optional')
  return {
    host,
    port: Number(port) || (secure ? 465 : username ? 587 : 25),
    secure,
    requireTLS: !secure && starttls === 'required',
    ignoreTLS: !secure && starttls === 'off',
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  }
}

/** The domain of the sender is also the domain of the message ids. */
const domainOf = (mailFrom: string): string => /@([^\s<>@]+)>?\s*$/.exec(mailFrom)?.[1] ?? 'localhost'

export function mailOf(message: OutgoingMessage, { to, mailFrom }: { to: string[]; mailFrom: string }) {
  const { id, thread, title, list, createdAt, unsubscribeUrl } = message
  const domain = domainOf(mailFrom)
  const root = thread === null ? undefined : `<${thread}@${domain}>`
  return {
    from: mailFrom,
    to: to.map(address => ({ name: '', address })),
    subject: title,
    date: createdAt,
    messageId: `<${id}@${domain}>`,
    // No mail has the id of the thread itself. Mail programs show all mails that refer to one id as one thread.
    ...(root && { inReplyTo: root, references: root }),
    headers: {
      'Auto-Submitted': 'auto-generated',
      Precedence: 'bulk',
      'X-Auto-Response-Suppress': 'All',
      'List-Id': { prepared: true, value: `<${list.replace(/[^A-Za-z0-9.-]/g, '-')}>` },
      ...(unsubscribeUrl && { 'List-Unsubscribe': { prepared: true, value: `<${unsubscribeUrl}>` } }),
      // RFC 8058: a mail program can end the subscription with one POST request, but only over https.
      ...(unsubscribeUrl?.startsWith('https:') && { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
    },
    textEncoding: 'quoted-printable' as const, // no line is too long
    ...mailBodies(message),
  }
}

interface SmtpError {
  code?: string
  originalCode?: string
  command?: string
  responseCode?: number
  response?: string
  rejectedErrors?: SmtpError[]
}

/** The server does not know any of the addresses, so a further try cannot succeed. */
function isUnknown({ code, rejectedErrors = [] }: SmtpError): boolean {
  const codes = rejectedErrors.map(({ responseCode }) => responseCode ?? 0)
  return code === 'EENVELOPE' && codes.length > 0 && codes.every(code => [550, 551, 553].includes(code))
}

const responseCharactersMax = 200

/** Describes an error without addresses and without the login. */
function problemOf(error: SmtpError, secrets: readonly string[]): string {
  const { response, code, originalCode } = error.rejectedErrors?.[0] ?? error
  if (response === undefined) return wordsOf(originalCode ?? code ?? 'unknown error')
  const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), oneLine(response))
  return `the mail server answered: ${shortened(safe.replace(/<?[^\s<>]+@[^\s<>]+>?/g, '…'), responseCharactersMax)}`
}

const words: Record<string, string> = {
  ETIMEDOUT: 'the mail server did not answer in time',
  EABORT: 'the mail server did not answer in time',
  ETLS: 'the mail server offers no TLS, or its certificate is not valid',
  EAUTH: 'the mail server refused the login',
  ENOAUTH: 'the mail server needs a login: add user and password to SMTP_URL',
}
const wordsOf = (code: string): string => words[code] ?? `the mail server cannot be reached (${code})`
