import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { causeOf, type FarmClient, farmClient, patientFetch } from '@rumpfarm/client'
import { isRunning, noteFile, readNote } from './note.ts'
import { isLocal, type Settings } from './settings.ts'

interface Candidate {
  url: string
  /** The source of this address, for an error message. */
  source: string
}

/** Thrown if no farm answers. */
export class NoFarm extends Error {}

/** A client of the farm that the settings name. It has a token if there is one for this farm. */
export async function openFarm(settings: Settings): Promise<FarmClient> {
  const url = await findServer(settings)
  const token = tokenFor(settings, url)
  const badToken = token && refusedToken(token.source)
  return farmClient({ url, token: token?.value, badToken, fetch: patientFetch() })
}

/**
 * Finds the address of the farm's server. If the environment has an address, this function tries only that address.
 * Otherwise it tries the address that a running server has written into the data directory, and then the default port.
 * It checks that a farm answers, so that no other program receives the token.
 */
export async function findServer(settings: Settings): Promise<string> {
  const tried: string[] = []
  for (const candidate of candidates(settings)) {
    if ('problem' in candidate) tried.push(candidate.problem)
    else {
      const problem = await checkHealth(candidate.url)
      if (problem === undefined) return candidate.url
      tried.push(`${candidate.url} (${candidate.source}): ${problem}`)
    }
  }
  const advice =
    settings.dataDirectory === undefined
      ? 'Set RUMPFARM_URL to the address of a farm'
      : 'Start the farm with npm start, or set RUMPFARM_URL to its address'
  throw new NoFarm(`no farm answers. Tried:\n${tried.map(line => `  ${line}\n`).join('')}${advice}`)
}

function candidates({ given, dataDirectory, defaultUrl }: Settings): (Candidate | { problem: string })[] {
  if (given) return [given]
  const fallback = { url: defaultUrl, source: 'the default port' }
  return dataDirectory === undefined ? [fallback] : [fromNote(dataDirectory), fallback]
}

function fromNote(dataDirectory: string): Candidate | { problem: string } {
  const file = noteFile(dataDirectory)
  const note = readNote(dataDirectory)
  if (!note) return { problem: `${file}: no note of a running server` }
  if (!isRunning(note.pid)) return { problem: `${file}: the server that wrote it (process ${note.pid}) has ended` }
  return { url: note.url, source: `from ${file}` }
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

/**
 * The token of the environment, or the administrator's token in the data directory. A farm on another machine gets the
 * token of the data directory only if PUBLIC_URL names it: RUMPFARM_URL can name any farm.
 */
export function tokenFor({ token, given, dataDirectory }: Settings, url: string): Settings['token'] {
  if (token || dataDirectory === undefined) return token
  if (given?.source === 'from RUMPFARM_URL' && !isLocal(url)) return undefined
  const file = join(dataDirectory, 'secrets', 'admin-token')
  try {
    return { value: readFileSync(file, 'utf8').trim(), source: file }
  } catch {
    return undefined
  }
}

const refusedToken = (source: string): string => {
  const refused = `the farm refuses the token of ${source}: it was revoked, or it belongs to another farm. If it was revoked,`
  if (source === 'RUMPFARM_TOKEN') return `${refused} create another one: ./farm token create NAME`
  return source === 'ADMIN_TOKEN'
    ? `${refused} set ADMIN_TOKEN to a new token (openssl rand -hex 32) and start the farm again`
    : `${refused} remove ${source} and start the farm again, which makes a new token`
}
