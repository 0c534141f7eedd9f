import { setTimeout as sleep } from 'node:timers/promises'
import {
  cksum,
  lineValue,
  readAnswer,
  type StepEnd,
  type WireAnswer,
  type WireLine,
  writeLines,
  writeSteps,
} from '@rumpfarm/contracts'
import type { Invitation } from './agent-host.ts'
import type { Api } from './patient-api.ts'
import { patienceMs } from './waiting.ts'

/** The answer to a claim that contains a job. */
export interface WireOffer {
  attempt: string
  lease: string
  lines: [string, string][]
}

/** A host without an agent. It sends the messages that the test selects, in the format of the agent protocol. */
export class WireHost {
  readonly name: string
  readonly instance = `${process.pid}-${Math.random().toString(36).slice(2)}`
  url: string
  credential = ''
  /** The agent version that the host sends. */
  version = '1.0.0'

  constructor(url: string, name: string) {
    this.url = url
    this.name = name
  }

  /** Invites and enrols a host, and sends its hello. */
  static async enrol(api: Api, name: string, arches: readonly string[]): Promise<WireHost> {
    const { line } = await api.post<Invitation>('/api/v1/hosts/invitations', { name })
    const host = new WireHost(api.url, name)
    await host.enrol(tokenOf(line))
    await host.hello(arches)
    return host
  }

  async enrol(token: string, nonce = `nonce-${this.instance}`): Promise<WireAnswer> {
    const answer = await this.post('/agent/v1/enroll', [['token', token], ['nonce', nonce], ...this.introduction])
    this.credential = lineValue(answer.lines, 'credential') ?? this.credential
    return answer
  }

  hello(arches: readonly string[], changes: WireLine[] = []): Promise<WireAnswer> {
    const declared = arches.map((arch): WireLine => ['arch', `${arch} native cc 1`])
    return this.post('/agent/v1/hello', [
      ...this.introduction,
      ['instance', this.instance],
      ['slots', 8],
      ...declared,
      ...changes,
    ])
  }

  get introduction(): WireLine[] {
    return [
      ['protocol', 1],
      ['version', this.version],
      ['uname_s', 'Unix'],
      ['uname_m', 'x86_64'],
    ]
  }

  /** Sends a claim. The answer is a job, `none`, or an error. */
  claim(
    claim: number,
    { slot = 1, wait = 0, body = [] as WireLine[], signal }: ClaimOptions = {},
  ): Promise<WireAnswer> {
    const query = `instance=${this.instance}&slot=${slot}&claim=${claim}&wait=${wait}`
    return this.post(`/agent/v1/claim?${query}`, body, signal)
  }

  /** Repeats the claim until there is a job, because under load the first sources take longer than one long poll. */
  async job(claim: number, options: ClaimOptions = {}): Promise<WireOffer> {
    const until = Date.now() + patienceMs
    let answer: WireAnswer
    do {
      answer = await this.claim(claim, { wait: 30, ...options })
      const offer = offerOf(answer)
      if (offer) return offer
    } while (answer.code === 0 && Date.now() < until)
    throw new Error(`${this.name} expected a job, got: ${answer.code} ${answer.text} ${JSON.stringify(answer.lines)}`)
  }

  progress(
    offer: WireOffer,
    text: string | Uint8Array,
    { offset = 0, ...more }: ProgressOptions = {},
  ): Promise<WireAnswer> {
    const bytes = Buffer.from(text)
    const sum = more.sum ?? `crc:${cksum(bytes)}`
    const query = `lease=${more.lease ?? offer.lease}&offset=${offset}&len=${more.length ?? bytes.length}&sum=${sum}&step=1`
    const steps = more.steps ? `&steps=${writeSteps(more.steps)}` : ''
    return this.post(`/agent/v1/attempts/${offer.attempt}/progress?${query}${steps}`, bytes)
  }

  /** Sends bytes of an artifact; by default the whole file. */
  artifact(
    offer: WireOffer,
    name: string,
    bytes: Uint8Array,
    { offset = 0, size = bytes.length, ...more }: ProgressOptions & { size?: number } = {},
  ): Promise<WireAnswer> {
    const sum = more.sum ?? `crc:${cksum(bytes)}`
    const query = `lease=${more.lease ?? offer.lease}&offset=${offset}&len=${more.length ?? bytes.length}&sum=${sum}&size=${size}`
    const hex = more.hex ? '&enc=hex' : ''
    const body = more.hex ? Buffer.from(Buffer.from(bytes).toString('hex')) : bytes
    return this.post(`/agent/v1/attempts/${offer.attempt}/artifacts/${name}?${query}${hex}`, body)
  }

  /** Ends the attempt; by default every step passed. */
  finish(
    offer: WireOffer,
    log: string | Uint8Array = '',
    { lease, reason = 'exit', steps, lines = [] }: FinishOptions = {},
  ): Promise<WireAnswer> {
    const bytes = Buffer.from(log)
    const ends = steps ?? stepsOf(offer).map(() => ({ exit: 0, milliseconds: 1, logBytes: bytes.length }))
    return this.post(`/agent/v1/attempts/${offer.attempt}/finish?lease=${lease ?? offer.lease}`, [
      ['reason', reason],
      ['steps', writeSteps(ends)],
      ['logsize', bytes.length],
      ['sum', `crc:${cksum(bytes)}`],
      ...lines,
    ])
  }

  /** Claims the next job, and ends it with this log. */
  async runs(claim: number, log = ''): Promise<WireOffer> {
    const offer = await this.job(claim)
    if (log !== '') await this.progress(offer, log)
    await this.finish(offer, log)
    return offer
  }

  source(offer: WireOffer, number: number): Promise<Response> {
    return this.ask('GET', `/agent/v1/attempts/${offer.attempt}/sources/${number}?lease=${offer.lease}`)
  }

  /** Repeats a message after a 503, like an agent. A busy server answers 503 if its database needs more than 3 s. */
  async post(path: string, body: readonly WireLine[] | Uint8Array, signal?: AbortSignal): Promise<WireAnswer> {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(writeLines(body))
    for (const until = Date.now() + patienceMs; ; await sleep(500)) {
      const answer = await this.postOnce(path, bytes, signal)
      if (answer.code !== 503 || Date.now() > until) return answer
    }
  }

  private async postOnce(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<WireAnswer> {
    const response = await this.ask('POST', path, bytes, signal)
    const text = await response.text()
    const answer = response.status === 200 ? readAnswer(text) : undefined
    if (answer) return answer
    throw new Error(`POST ${path} was not answered in the protocol's form: ${response.status} ${text.slice(0, 200)}`)
  }

  ask(method: string, path: string, body?: Uint8Array, signal?: AbortSignal): Promise<Response> {
    const headers = { authorization: `Bearer ${this.credential}`, 'content-type': 'application/octet-stream' }
    const request = { method, headers, ...(body ? { body: Buffer.from(body) } : {}), ...(signal ? { signal } : {}) }
    return fetch(`${this.url}${path}`, request)
  }
}

export interface ClaimOptions {
  slot?: number
  wait?: number
  body?: WireLine[]
  signal?: AbortSignal | undefined
}

export interface ProgressOptions {
  offset?: number
  lease?: string
  sum?: string
  length?: number
  steps?: StepEnd[]
  /** Sends the bytes in hexadecimal. */
  hex?: boolean
}

export interface FinishOptions {
  lease?: string
  reason?: string
  steps?: StepEnd[]
  /** Additional lines of the message. */
  lines?: WireLine[]
}

export const tokenOf = (line: string): string => line.trim().split(' ').at(-1) ?? ''

export function offerOf({ lines }: WireAnswer): WireOffer | undefined {
  const attempt = lineValue(lines, 'attempt')
  const lease = lineValue(lines, 'lease')
  return attempt === undefined || lease === undefined ? undefined : { attempt, lease, lines }
}

export const stepsOf = ({ lines }: WireOffer): string[] =>
  lines.flatMap(([key, value]) => (key === 'step' ? [value] : []))
