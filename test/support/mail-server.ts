import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { eventually } from './waiting.ts'

/** A real mail server on this machine that keeps the mails. */
export class MailServer {
  readonly mails: ParsedMail[] = []
  readonly #server: SMTPServer

  private constructor() {
    this.#server = new SMTPServer({
      ...{ logger: false, authOptional: true, disableReverseLookup: true, closeTimeout: 100 },
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData: async (stream, _session, callback) => {
        this.mails.push(await simpleParser(stream))
        callback()
      },
    })
  }

  static async open(): Promise<MailServer> {
    const server = new MailServer()
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`
  }

  /** Waits for the mail with this number. The first mail has the number 1. */
  mail(number: number): Promise<ParsedMail> {
    return eventually(`mail ${number} at the mail server`, async () => this.mails[number - 1])
  }

  close(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }
}
