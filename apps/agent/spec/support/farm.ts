import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type Answer, err, ok, send } from './answer.ts'
import { type Attempt, type Job, offer } from './attempt.ts'
import type { Certificate } from './certificates.ts'
import { type Fault, Faults, kindOf } from './faults.ts'
import { patienceMs } from './host.ts'
import { Log } from './log.ts'
import { listenStill } from './ports.ts'
import type { Release } from './release.ts'
import { BadRequest, holdArtifact, readBody, readQuery } from './rules.ts'
import { sumIsRight } from './sums.ts'
import { tarball } from './tarball.ts'

export type Seen = { method: string; path: string; kind: string; at: number; body: Buffer; err: string }

/** A farm for tests: a real HTTP server that follows the protocol strictly, except for injected faults. */
export class ScriptedFarm {
  credential = `rfh-${randomBytes(8).toString('hex')}`
  readonly invitation = `inv-${randomBytes(8).toString('hex')}`
  readonly attempts: Attempt[] = []
  readonly seen: Seen[] = []
  readonly violations: string[] = []
  poll = 50
  leaseSeconds = 90
  chunk = 65536
  next = 2000
  enrolError = ''
  /** The version in the last hello. */
  version = ''
  helloError = ''
  /** The projects with a cache; undefined: the farm does not say. */
  caches: string[] | undefined
  claimError = ''
  /** The farm answers 409 to each claim up to this number, as if a later claim had arrived. */
  newestClaim = 0
  script = ''
  /** The text of the installer of service files. */
  service = ''
  /** The version that the farm offers to hosts with another version. */
  release: Release | undefined
  invitationNonce = ''
  /** The bytes of a source download; a test may change them. */
  onSource = (bytes: Buffer, _times: number): Buffer => bytes
  /** The reason to reject an artifact, if any. */
  onArtifact = (_name: string, _size: number): string | undefined => undefined
  onFinish = (_attempt: Attempt, _times: number): void => {}
  private heldSources: (() => void)[] | undefined
  private server: Server | undefined
  private port: number | undefined
  private readonly faults = new Faults()
  private waiters = new Set<() => void>()
  private polls = new Set<{ give: (answer: Answer) => void; slot: string; claim: number }>()
  private number = 0

  get url() {
    return `${this.certificate ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  /** With a certificate, the farm uses TLS. */
  constructor(private readonly certificate?: Certificate) {}

  async open() {
    const receive = (request: IncomingMessage, response: ServerResponse) => this.receive(request, response)
    this.server = this.certificate ? createTlsServer(this.certificate, receive) : createServer(receive)
    this.port = await listenStill(this.server, this.port)
    return this
  }

  /** Stops listening. `open` listens on the same port again. */
  async close() {
    const server = this.server
    for (const poll of this.polls) this.polls.delete(poll)
    await new Promise(resolve => {
      server?.close(resolve)
      server?.closeAllConnections()
    })
  }

  queue(job: Job): Attempt {
    this.number += 1
    const attempt: Attempt = {
      id: `${this.number}.1`,
      lease: `lease+${randomBytes(6).toString('hex')}`,
      job,
      tarballs:
        job.archives ??
        Object.values(job.sources ?? { src: { 'readme.txt': 'a source\n' } }).map(files => tarball(files)),
      state: 'queued',
      slot: '',
      claim: 0,
      claimedAt: 0,
      sourceCalls: 0,
      finishCalls: 0,
      log: new Log(),
      artifacts: new Map(),
      artifactCalls: [],
      steps: '',
      step: 0,
      cancel: '',
      calls: [],
      finishes: [],
    }
    this.attempts.push(attempt)
    for (const poll of [...this.polls]) {
      this.polls.delete(poll)
      poll.give(this.take(poll))
    }
    return attempt
  }

  /** Lets the next `times` requests of this kind fail. */
  injectFault(kind: string, fault: Fault, times = 1) {
    this.faults.injectFault(kind, fault, times)
  }

  clearFaults() {
    this.faults.clearFaults()
  }

  count(kind: string) {
    return this.seen.filter(seen => seen.kind === kind).length
  }

  /** Resolves when the condition is true. The farm checks it after every request. */
  async until(what: string, condition: () => boolean, milliseconds = patienceMs): Promise<void> {
    if (condition()) return
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!condition()) return
        stop()
        resolve()
      }
      const late = setTimeout(() => {
        stop()
        reject(new Error(`waited ${milliseconds} ms without success for: ${what}\n${this.requestLog()}`))
      }, milliseconds)
      const stop = () => {
        clearTimeout(late)
        this.waiters.delete(look)
      }
      this.waiters.add(look)
    })
  }

  finished(attempt: Attempt, milliseconds?: number) {
    return this.until(`attempt ${attempt.id} to finish`, () => attempt.finishes.length > 0, milliseconds)
  }

  logged(attempt: Attempt, text: string, milliseconds?: number) {
    return this.until(`"${text}" in the log`, () => attempt.log.bytes.includes(text), milliseconds)
  }

  requestLog() {
    return this.seen
      .slice(-40)
      .map(seen => `${seen.at} ${seen.method} ${seen.path} ${seen.err || 'ok'}`)
      .concat(this.violations)
      .join('\n')
  }

  private receive(request: IncomingMessage, response: ServerResponse) {
    const parts: Buffer[] = []
    request.on('error', () => {})
    request.on('data', part => parts.push(part))
    request.on('end', () => this.handle(request, response, Buffer.concat(parts)))
  }

  private handle(request: IncomingMessage, response: ServerResponse, body: Buffer) {
    const url = new URL(request.url ?? '/', this.url)
    const kind = kindOf(request.method ?? '', url.pathname)
    const seen: Seen = {
      method: request.method ?? '',
      path: url.pathname + url.search,
      kind,
      at: Date.now(),
      body,
      err: '',
    }
    this.seen.push(seen)
    const fault = this.faults.next(kind)
    if (fault === 'lost-request') return this.done(() => request.socket.destroy())
    const give = (answer: Answer) => {
      seen.err = answer.err ?? ''
      this.done(() => send(request, response, answer, fault))
    }
    try {
      this.route(kind, url, request, response, body, give)
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      this.violations.push(`${seen.method} ${seen.path}: ${error.message}`)
      give(err(`400 ${error.message}`))
    }
  }

  private done(act: () => void) {
    act()
    for (const look of [...this.waiters]) look()
  }

  private route(
    kind: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    give: (answer: Answer) => void,
  ) {
    if (kind === 'script') return this.done(() => response.end(this.script.replaceAll('@FARM_URL@', this.url)))
    if (kind === 'unknown') throw new BadRequest('no such call')
    if (kind !== 'enroll' && request.headers.authorization !== `Bearer ${this.credential}`) {
      return give(err('401 no such credential'))
    }
    if (kind === 'enroll') return give(this.enroll(body))
    if (kind === 'hello') return give(this.hello(body))
    if (kind === 'claim') return this.claim(url, body, give)
    if (kind === 'agent') return this.agent(url, response, give)
    if (kind === 'service') {
      readBody('service', body)
      readQuery('service', url.searchParams)
      return give(ok(...this.service.split('\n').map(line => (line === '' ? '|' : `| ${line}`))))
    }
    if (kind === 'bye') {
      readBody('bye', body)
      readQuery('bye', url.searchParams)
      return give(ok())
    }
    return this.attemptCall(kind, url, response, body, give)
  }

  private enroll(body: Buffer): Answer {
    const told = Object.fromEntries(readBody('enroll', body))
    if (this.enrolError) return err(this.enrolError)
    if (told.token !== this.invitation) return err('401 unknown invitation')
    if (this.invitationNonce && this.invitationNonce !== told.nonce) return err('409 used with another nonce')
    this.invitationNonce = told.nonce ?? ''
    return ok('host vax', `credential ${this.credential}`, 'arch amd64', 'poll 50', 'news what a later farm may add')
  }

  private hello(body: Buffer): Answer {
    const told = Object.fromEntries(readBody('hello', body))
    this.version = told.version ?? ''
    if (this.helloError) return err(this.helloError, ...this.update())
    return ok(
      'host vax',
      `poll ${this.poll}`,
      `lease ${this.leaseSeconds}`,
      `chunk ${this.chunk}`,
      ...this.cacheLines(),
      ...this.update(),
    )
  }

  private cacheLines(): string[] {
    if (this.caches === undefined) return []
    return [`caches ${this.caches.length}`, ...this.caches.map(project => `cache ${project}`)]
  }

  private update(): string[] {
    return this.release && this.release.version !== this.version ? [`update ${this.release.line}`] : []
  }

  private agent(url: URL, response: ServerResponse, give: (answer: Answer) => void) {
    readQuery('agent', url.searchParams)
    if (!this.release) return give(err('404 no agent here'))
    const { served, announced } = this.release
    response.writeHead(200, { 'content-type': 'text/x-shellscript', 'content-length': announced })
    this.done(() =>
      served.length < announced ? response.write(served, () => response.destroy()) : response.end(served),
    )
  }

  private claim(url: URL, body: Buffer, give: (answer: Answer) => void) {
    const refuses = readBody('claim', body).some(([key]) => key === 'refuse')
    const query = readQuery('claim', url.searchParams)
    const claim = Number(query.claim)
    if (this.claimError) return give(err(this.claimError, ...this.update()))
    const held = this.attempts.find(attempt => attempt.state === 'leased' && attempt.slot === query.slot)
    if (this.newestClaim >= claim) return give(err('409 stale claim', `claim ${this.newestClaim}`))
    if (held && held.claim > claim) return give(err('409 stale claim', `claim ${held.claim}`))
    if (held && held.claim === claim) return give(offer(held))
    if (held) held.state = 'gone'
    if (refuses) return give(ok('none 0'))
    if (this.attempts.some(attempt => attempt.state === 'queued'))
      return give(this.take({ slot: query.slot ?? '', claim }))
    const poll = {
      slot: query.slot ?? '',
      claim,
      give: (answer: Answer) => {
        clearTimeout(timer)
        give(answer)
      },
    }
    const timer = setTimeout(() => {
      if (this.polls.delete(poll)) give(ok('none 0'))
    }, Number(query.wait) * 1000)
    timer.unref()
    this.polls.add(poll)
    for (const look of [...this.waiters]) look()
  }

  private take({ slot, claim }: { slot: string; claim: number }): Answer {
    const attempt = this.attempts.find(attempt => attempt.state === 'queued')
    if (!attempt) return ok('none 0')
    attempt.state = 'leased'
    attempt.slot = slot
    attempt.claim = claim
    attempt.claimedAt = Date.now()
    return offer(attempt)
  }

  private attemptCall(kind: string, url: URL, response: ServerResponse, body: Buffer, give: (answer: Answer) => void) {
    const id = url.pathname.split('/')[4]
    const attempt = this.attempts.find(attempt => attempt.id === id)
    const query = readQuery(kind as 'source' | 'progress' | 'artifact' | 'finish', url.searchParams)
    const finish = kind === 'finish' ? readBody('finish', body) : []
    if (!attempt) return give(err('404 no such attempt'))
    if (attempt.state === 'gone' || query.lease !== attempt.lease) return give(err('410 the lease is lost'))
    if (kind === 'source') return this.source(attempt, Number(url.pathname.split('/')[6]), response, give)
    const bytes = query.enc ? Buffer.from(body.toString('latin1'), 'hex') : body
    if (kind === 'progress') return give(this.progress(attempt, query, bytes))
    if (kind === 'artifact') {
      const name = decodeURIComponent(url.pathname.split('/').slice(6).join('/'))
      return give(this.artifact(attempt, name, query, bytes))
    }
    return give(this.finish(attempt, finish))
  }

  private source(attempt: Attempt, k: number, response: ServerResponse, give: (answer: Answer) => void) {
    const bytes = attempt.tarballs[k - 1]
    if (!bytes) return give(err('404 no such source'))
    attempt.sourceCalls += 1
    const served = this.onSource(bytes, attempt.sourceCalls)
    response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': served.length })
    if (this.heldSources) this.heldSources.push(() => response.end(served))
    else response.end(served)
    this.done(() => {})
  }

  /** Source downloads send only their header until the returned function is called. */
  holdSource(): () => void {
    const held: (() => void)[] = []
    this.heldSources = held
    return () => {
      this.heldSources = undefined
      for (const release of held) release()
    }
  }

  private artifact(attempt: Attempt, name: string, query: Record<string, string>, body: Buffer): Answer {
    holdArtifact(name)
    if (attempt.state !== 'leased') return err('410 the attempt is over')
    const [offset, size] = [Number(query.offset), Number(query.size)]
    if (Number(query.len) !== body.length || !sumIsRight(query.sum ?? '', body))
      return err('422 the sum is of other bytes')
    if (body.length > this.chunk) return err(`413 at most ${this.chunk} bytes`)
    if (offset + body.length > size) throw new BadRequest(`${name} goes beyond its size ${size}`)
    attempt.artifactCalls.push({ name, offset, len: body.length })
    const why = this.onArtifact(name, size)
    if (why) return err(`403 ${why}`)
    const known = attempt.artifacts.get(name)
    const held = known?.size === size ? known : { bytes: new Log(), size }
    attempt.artifacts.set(name, held)
    if (body.length > 0 && offset !== held.bytes.length) return err('409 offset', `size ${held.bytes.length}`)
    held.bytes.add(body)
    return ok(`size ${held.bytes.length}`)
  }

  private progress(attempt: Attempt, query: Record<string, string>, body: Buffer): Answer {
    if (attempt.state !== 'leased') return err('410 the attempt is over')
    const offset = Number(query.offset)
    if (Number(query.len) !== body.length || !sumIsRight(query.sum ?? '', body))
      return err('422 the sum is of other bytes')
    if (body.length > this.chunk) return err(`413 at most ${this.chunk} bytes`)
    attempt.calls.push({ at: Date.now(), offset, len: body.length, step: Number(query.step), steps: query.steps ?? '' })
    this.holdSteps(attempt, query.steps ?? '')
    attempt.step = Number(query.step)
    const told = [`next ${this.next}`, ...(attempt.cancel ? [`cancel ${attempt.cancel}`] : [])]
    if (offset !== attempt.log.length) return err('409 offset', `size ${attempt.log.length}`, ...told)
    attempt.log.add(body)
    return ok(`size ${attempt.log.length}`, ...told)
  }

  /** Rejects a request if its list of ended steps changes an earlier entry: the list may only grow. */
  private holdSteps(attempt: Attempt, steps: string) {
    if (!steps.startsWith(attempt.steps)) throw new BadRequest(`steps changed from ${attempt.steps} to ${steps}`)
    attempt.steps = steps
  }

  private finish(attempt: Attempt, lines: [string, string][]): Answer {
    const told: Record<string, string> = Object.fromEntries(lines)
    const { reason = '', logsize = '', sum = '', steps, detail, compiler } = told
    attempt.finishCalls += 1
    this.onFinish(attempt, attempt.finishCalls)
    if (Number(logsize) !== attempt.log.length || !sumIsRight(sum, attempt.log.bytes)) {
      return err('409 size', `size ${attempt.log.length}`)
    }
    const all = (key: string) => lines.flatMap(([name, value]) => (name === key ? [value] : []))
    for (const line of all('artifact')) {
      const [name = '', bytes = '', artifactSum = ''] = line.split(' ')
      const held = attempt.artifacts.get(name)?.bytes
      const right = held?.length === Number(bytes) && sumIsRight(artifactSum, held.bytes)
      if (!right) return err('409 artifact', `artifact ${name} ${held?.length ?? 0}`)
    }
    attempt.state = 'finished'
    attempt.finishes.push({
      artifacts: all('artifact'),
      left: all('left'),
      reason,
      logsize,
      sum,
      at: Date.now(),
      ...(steps ? { steps } : {}),
      ...(detail ? { detail } : {}),
      ...(compiler ? { compiler } : {}),
    })
    return ok('verdict passed')
  }
}
