import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readAnswer, type WireAnswer, type WireLine, writeLines } from '@rumpfarm/contracts'
import { WireHost } from './wire-host.ts'

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex')
const letters = (hexadecimal: string): string =>
  [...hexadecimal].map(digit => 'abcdefghijklmnop'.charAt(Number.parseInt(digit, 16))).join('')

/** A host that signs its requests as docs/agent-protocol.md describes, without code of the farm or the agent. */
export class SignedWireHost extends WireHost {
  by = ''
  key = ''
  run = randomBytes(8).toString('hex')
  count = 0
  /** The error of the clock of the host in seconds. */
  clockError = 0

  async enrolSigned(token: string, nonce = `nonce-${this.run}`): Promise<WireAnswer> {
    this.by = sha256(token)
    this.key = letters(sha256(`rumpfarm key ${token}`))
    const answer = await this.post('/agent/v1/enroll', [['nonce', nonce], ...this.introduction])
    if (answer.code !== 0) return answer
    this.key = letters(hmac(this.key, `host ${nonce}\n`))
    this.by = this.name
    return answer
  }

  /** The signed path and the nonce in it. */
  sign(method: string, path: string, body: Uint8Array | string = ''): { path: string; nonce: string } {
    const nonce = `${this.run}.${++this.count}`
    const time = Math.floor(Date.now() / 1000) + this.clockError
    const unsigned = `${path}${path.includes('?') ? '&' : '?'}by=${this.by}&time=${time}&nonce=${nonce}`
    return { path: `${unsigned}&sig=${hmac(this.key, `${method} ${unsigned}\n${sha256(body)}\n`)}`, nonce }
  }

  override async post(path: string, body: readonly WireLine[] | Uint8Array, signal?: AbortSignal): Promise<WireAnswer> {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(writeLines(body))
    const signed = this.sign('POST', path, bytes)
    return this.believe(await (await this.send('POST', signed.path, bytes, signal)).text(), signed.nonce)
  }

  override ask(method: string, path: string): Promise<Response> {
    return this.send(method, this.sign(method, path).path)
  }

  send(method: string, path: string, body?: Uint8Array, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      ...(body ? { body: Buffer.from(body) } : {}),
      ...(signal ? { signal } : {}),
    })
  }

  believe(text: string, nonce: string): WireAnswer {
    const [, lines, signature] = /^([\s\S]*\n)sig ([0-9a-f]{64})\nend\n$/.exec(text) ?? []
    const right = lines !== undefined && signature === hmac(this.key, `answer ${nonce}\n${lines}`)
    const answer = right ? readAnswer(`${lines}end\n`) : undefined
    if (!answer) throw new Error(`this answer is not signed by the farm: ${text}`)
    return answer
  }
}
