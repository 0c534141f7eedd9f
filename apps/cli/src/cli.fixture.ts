// Runs commands against a test server that listens on a port.
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { adminToken, type TestServer } from '../../server/src/server.fixture.ts'
import { runCommandLine, type Surroundings } from './run.ts'
import type { OutStream } from './terminal/streams.ts'

/** A stream that keeps its text. */
export function keptStream(columns?: number, onOutput = () => {}): OutStream & { text(): string } {
  const chunks: Buffer[] = []
  return {
    write: data => {
      chunks.push(Buffer.from(data))
      onOutput()
    },
    isTerminal: columns !== undefined,
    columns: () => columns ?? Number.POSITIVE_INFINITY,
    rows: () => 24,
    text: () => Buffer.concat(chunks).toString(),
  }
}

export interface Ran {
  exit: number
  out: string
  notes: string
  lines: string[]
  json<Value = Record<string, unknown>>(): Value
}

interface RunOptions {
  env?: Record<string, string>
  /** The width of a terminal; by default a pipe. */
  columns?: number
  directory?: string
  /** Aborts when the user presses Ctrl-C. */
  signal?: AbortSignal
  /** Called after each text that the command prints. */
  onOutput?: () => void
}

/** The commands against this server, with an administrator's token. */
export async function cliOf({ app }: TestServer) {
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.server.closeAllConnections())
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const run = async (
    words: string,
    { env = {}, columns, directory = '/nonexistent', signal = new AbortController().signal, onOutput }: RunOptions = {},
  ): Promise<Ran> => {
    const [out, notes] = [keptStream(columns, onOutput), keptStream()]
    const surroundings: Surroundings = {
      env: { RUMPFARM_URL: url, RUMPFARM_TOKEN: adminToken, ...env },
      ...{ directory, out, notes, signal },
      now: () => new Date('2024-05-06T07:09:09Z'),
    }
    const exit = await runCommandLine(wordsOf(words), surroundings)
    const text = out.text()
    return {
      ...{ exit, out: text, notes: notes.text(), lines: text.split('\n').slice(0, -1) },
      json: <Value>() => JSON.parse(text) as Value,
    }
  }
  return { run, url }
}

/** The words of a command line; single quotes group words. */
const wordsOf = (text: string): string[] => (text.match(/'[^']*'|\S+/g) ?? []).map(word => word.replace(/^'|'$/g, ''))
