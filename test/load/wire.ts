import { Agent, type IncomingMessage, request } from 'node:http'
import { readAnswer, type WireAnswer } from '@rumpfarm/contracts'

/** The host's side of the agent protocol over one persistent connection. */
export class Wire {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #url: URL
  credential = ''

  constructor(url: string) {
    this.#url = new URL(url)
  }

  async post(path: string, body: string | Uint8Array = ''): Promise<WireAnswer> {
    const text = (await this.#ask('POST', path, body)).toString('utf8')
    const answer = readAnswer(text)
    if (!answer) throw new Error(`POST ${path} was not answered in the protocol's form: ${text.slice(0, 200)}`)
    return answer
  }

  /** Sends a message like `post`, but fails after any answer except `ok`. */
  async say(path: string, body: string | Uint8Array = ''): Promise<WireAnswer['lines']> {
    const { code, text, lines } = await this.post(path, body)
    if (code !== 0) throw new Error(`POST ${path} was answered: err ${code} ${text}`)
    return lines
  }

  /** Sends bytes to a server that does not speak the agent protocol. */
  send(path: string, body: Uint8Array): Promise<Buffer> {
    return this.#ask('POST', path, body)
  }

  get(path: string): Promise<Buffer> {
    return this.#ask('GET', path, '')
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask(method: string, path: string, body: string | Uint8Array): Promise<Buffer> {
    const { hostname, port } = this.#url
    const headers = {
      authorization: `Bearer ${this.credential}`,
      'content-type': 'application/octet-stream',
      'content-length': Buffer.byteLength(body),
    }
    return new Promise((resolve, reject) => {
      const asked = request({ hostname, port, method, path, headers, agent: this.#agent }, answer =>
        resolve(wholeBody(answer)),
      )
      asked.on('error', reject)
      asked.end(body)
    })
  }
}

async function wholeBody(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
