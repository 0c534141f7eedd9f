import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from './waiting.ts'

export interface Received {
  id: string
  /** True if the signature is valid for the secret of the receiver. */
  signed: boolean
  body: { type: string; host: string; since: string; attempt?: string; job?: number; url?: string; message?: string }
}

/** A real HTTP server that receives signed messages. */
export class Receiver {
  readonly received: Received[] = []
  secret = ''
  /** The status codes of the next answers. Later answers have 204. */
  statuses: number[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await text(request)
      const headers = request.headers as Record<string, string>
      this.received.push({
        id: headers['webhook-id'] ?? '',
        signed: this.#isSigned(body, headers),
        body: JSON.parse(body),
      })
      response.writeHead(this.statuses.shift() ?? 204).end()
    })
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver()
    await new Promise<void>(resolve => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  /** Waits for the message with this number. The first message has the number 1. */
  message(number: number): Promise<Received> {
    return eventually(`message ${number} at the receiver`, async () => this.received[number - 1])
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** Verifies a signature by the Standard Webhooks specification, without code of the farm. */
  #isSigned(body: string, headers: Record<string, string>): boolean {
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers
    const key = Buffer.from(this.secret.replace(/^whsec_/, ''), 'base64')
    const expected = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
    return signature === `v1,${expected}` && Math.abs(Date.now() / 1000 - Number(at)) < 300
  }
}
