// Connections to a git server with the protocol version 2: https://git-scm.com/docs/gitprotocol-v2
import { Agent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as AgentTls, request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { delimiter, flush, PacketReader, ProtocolError, pktLine } from './pkt-line.ts'

/** What a server can do: `fetch` has the value `shallow wait-for-done`. */
export type Capabilities = ReadonlyMap<string, string>

export interface Session {
  capabilities: Capabilities
  /** Sends a request of version 2, and returns the packets of its answer. */
  ask: (request: Buffer) => Promise<PacketReader>
  /** After the last answer was read completely: the next request may reuse the connection. */
  release: () => void
  /** Ends the connection. */
  close: () => void
}

export interface Transport {
  /** Opens a session, or continues one that waits. git reads the refs once per process, so a list needs a new one. */
  open: (signal: AbortSignal, purpose: 'list' | 'fetch') => Promise<Session>
  close: () => void
}

/** An address that this code can use without git: without credentials, and with a usual scheme. */
export function transportOf(repository: string): Transport | undefined {
  if (!URL.canParse(repository)) return undefined
  const url = new URL(repository)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined
  if (url.protocol === 'git:') return overSocket(url, repository)
  return url.protocol === 'https:' || url.protocol === 'http:' ? overHttp(repository) : undefined
}

async function readCapabilities(packets: PacketReader): Promise<Capabilities> {
  if ((await packets.line()) !== 'version 2') throw new ProtocolError('the server does not have version 2')
  const capabilities = new Map<string, string>()
  for (let line = await packets.line(); line !== undefined; line = await packets.line()) {
    const [, key = line, value = ''] = /^([^=]+)=(.*)$/.exec(line) ?? []
    capabilities.set(key, value)
  }
  return capabilities
}

/** How long a connection waits for a further fetch. */
const reuseMs = 2000

interface SocketSession extends Session {
  /** Continues after `release`, with another time limit. */
  resume: (signal: AbortSignal) => Session
}

function overSocket(url: URL, repository: string): Transport {
  let idle: { session: SocketSession; timer: NodeJS.Timeout } | undefined
  const takeIdle = () => {
    clearTimeout(idle?.timer)
    const session = idle?.session
    idle = undefined
    return session
  }
  const open: Transport['open'] = async (signal, purpose) => {
    const reused = purpose === 'fetch' ? takeIdle() : undefined
    if (reused) return reused.resume(signal)
    const path = /^git:\/\/[^/]+(\/.*)$/i.exec(repository)?.[1] ?? '/'
    const socket = connect({ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 9418) })
    socket.setNoDelay(true)
    socket.on('error', () => undefined) // the reader of the socket receives the error
    const end = () => socket.destroy(new ProtocolError('no answer in time'))
    let watched = signal
    const watch = (next: AbortSignal) => {
      watched.removeEventListener('abort', end)
      watched = next
      watched.addEventListener('abort', end, { once: true })
      if (watched.aborted) end()
    }
    watch(signal)
    socket.write(pktLine(`git-upload-pack ${decodeURIComponent(path)}\0host=${url.host}\0\0version=2\0`))
    const packets = new PacketReader(socket)
    const session: SocketSession = {
      capabilities: await readCapabilities(packets),
      ask: async request => {
        socket.write(request)
        return packets
      },
      resume: next => {
        socket.ref()
        watch(next)
        return session
      },
      release: () => {
        watched.removeEventListener('abort', end)
        if (socket.destroyed) return
        takeIdle()?.close()
        socket.unref()
        idle = { session, timer: setTimeout(() => takeIdle()?.close(), reuseMs).unref() }
      },
      close: () => {
        watched.removeEventListener('abort', end)
        socket.destroy()
      },
    }
    socket.on('close', () => idle?.session === session && takeIdle())
    return session
  }
  return { open, close: () => takeIdle()?.close() }
}

/** Reads an answer to its end, so that the next request can use its connection. */
const finish = (packets: PacketReader): void => {
  packets.skipRest().catch(() => undefined) // then the connection is closed
}

/** The abilities of a server change rarely. If they do, the server refuses a request, and git asks again. */
const capabilitiesMs = 600_000

function overHttp(repository: string): Transport {
  const base = repository.replace(/\/+$/, '')
  let known: { capabilities: Capabilities; until: number } | undefined
  const isTls = /^https:/i.test(base)
  const agent = isTls ? new AgentTls({ keepAlive: true }) : new Agent({ keepAlive: true })
  const request = async (path: string, signal: AbortSignal, body?: Buffer) => {
    const headers: Record<string, string> = { 'git-protocol': 'version=2', 'user-agent': 'git/rumpfarm', accept: '*/*' }
    if (body) {
      headers['content-type'] = 'application/x-git-upload-pack-request'
      headers['content-length'] = String(body.length)
      headers.accept = 'application/x-git-upload-pack-result'
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method: body ? 'POST' : 'GET', headers, agent }
      const request = (isTls ? requestTls : requestPlain)(`${base}${path}`, options, resolve)
      // Node's option `signal` would stay on the connection after the request, and end the process when it fires.
      const end = () => request.destroy()
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      request.on('close', () => signal.removeEventListener('abort', end))
      request.on('error', reject)
      request.end(body)
    })
    const type = `application/x-git-upload-pack-${body ? 'result' : 'advertisement'}`
    if (answer.statusCode === 200 && answer.headers['content-type'] === type) return answer
    answer.destroy()
    throw new ProtocolError(`the server answered with status ${answer.statusCode}`)
  }
  const advertised = async (signal: AbortSignal) => {
    if (known && known.until > Date.now()) return known.capabilities
    const packets = new PacketReader(await request('/info/refs?service=git-upload-pack', signal))
    const capabilities = await readCapabilities(packets)
    finish(packets)
    known = { capabilities, until: Date.now() + capabilitiesMs }
    return capabilities
  }
  const open: Transport['open'] = async signal => {
    const answers: { answer: IncomingMessage; packets: PacketReader }[] = []
    return {
      capabilities: await advertised(signal),
      ask: async body => {
        const answer = await request('/git-upload-pack', signal, body)
        const packets = new PacketReader(answer)
        answers.push({ answer, packets })
        return packets
      },
      release: () => {
        for (const { packets } of answers) finish(packets)
      },
      close: () => {
        for (const { answer } of answers) answer.destroy()
      },
    }
  }
  return { open, close: () => agent.destroy() }
}

export const requestOf = (command: string, { capabilities }: Session, lines: readonly string[]): Buffer =>
  Buffer.concat([
    pktLine(`command=${command}\n`),
    ...(capabilities.has('object-format') ? [pktLine(`object-format=${capabilities.get('object-format')}\n`)] : []),
    delimiter,
    ...lines.map(line => pktLine(`${line}\n`)),
    flush,
  ])
