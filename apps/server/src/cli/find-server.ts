import { causeOf } from '@rumpfarm/client'
import type { Config } from '../config.ts'
import { addressNoteFile, localUrl, readAddressNote } from '../local-address.ts'

type Addresses = Pick<Config, 'farmUrl' | 'dataDirectory' | 'host' | 'port'>

interface Candidate {
  url: string
  /** The source of this address, for an error message. */
  source: string
}

/**
 * Finds the address of the farm's server. If the environment has an address, this function tries only that address.
 * Otherwise it tries the address that a running server has written into the data directory, and then the default port.
 * It checks that a farm answers, so that no other program receives the token.
 */
export async function findServer(config: Addresses): Promise<string> {
  const tried: string[] = []
  for (const candidate of candidates(config)) {
    if ('problem' in candidate) tried.push(candidate.problem)
    else {
      const problem = await checkHealth(candidate.url)
      if (problem === undefined) return candidate.url
      tried.push(`${candidate.url} (${candidate.source}): ${problem}`)
    }
  }
  throw new Error(
    `no farm answers. Tried:\n${tried.map(line => `  ${line}\n`).join('')}Start the farm with npm start, or set RUMPFARM_URL to its address`,
  )
}

function candidates(config: Addresses): (Candidate | { problem: string })[] {
  const { farmUrl, host, port } = config
  if (farmUrl !== undefined) return [farmUrl]
  return [...fromNote(config), { url: localUrl(host, port), source: 'the default port' }]
}

function fromNote({ dataDirectory }: Addresses): (Candidate | { problem: string })[] {
  const file = addressNoteFile(dataDirectory)
  const note = readAddressNote(dataDirectory)
  if (!note) return [{ problem: `${file}: no note of a running server` }]
  if (!isRunning(note.pid)) return [{ problem: `${file}: the server that wrote it (process ${note.pid}) has ended` }]
  return [{ url: note.url, source: `from ${file}` }]
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // the process runs as another user
  }
}

/** Returns undefined if a farm answers. */
async function checkHealth(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) })
    const isFarm = answer.ok && (await answer.text()).includes('"ok"')
    return isFarm ? undefined : `another program answers there (status ${answer.status})`
  } catch (error) {
    return causeOf(error as Error)
  }
}
