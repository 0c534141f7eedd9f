import { join } from 'node:path'

/** What the environment says about the farm. */
export interface Settings {
  /** The address that a variable sets, and the name of this variable. */
  given: { url: string; source: string } | undefined
  /** The directory of the running server's note and of the administrator's token; undefined outside of a clone. */
  dataDirectory: string | undefined
  /** The address at which a server listens if nothing sets another. */
  defaultUrl: string
  /** The token of a variable, and the name of this variable. */
  token: { value: string; source: string } | undefined
}

type Environment = Record<string, string | undefined>

/** Thrown if a variable has a wrong value. */
export class SettingError extends Error {}

/** Reads the variables that ./farm and the server know. */
export function readSettings(env: Environment): Settings {
  const clone = env.RUMPFARM_CLONE
  const [host, port] = [env.HOST || '127.0.0.1', portOf(env)]
  return {
    given: addressOf(env, host, port),
    dataDirectory: env.RUMPFARM_DATA || (clone ? join(clone, 'data') : undefined),
    defaultUrl: localUrl(host, port ?? 8080),
    token: tokenOf(env),
  }
}

function addressOf(env: Environment, host: string, port: number | undefined): Settings['given'] {
  for (const name of ['RUMPFARM_URL', 'PUBLIC_URL'])
    if (env[name]) return { url: urlOf(name, env[name]), source: `from ${name}` }
  return port ? { url: localUrl(host, port), source: 'from PORT' } : undefined
}

function portOf({ PORT: text }: Environment): number | undefined {
  if (!text) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new SettingError(`PORT is "${text}"; it must be a whole number from 0 to 65535`)
}

function urlOf(name: string, text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = parsed && parsed.username + parsed.password + parsed.search + parsed.hash === ''
  if (isPlain && /^https?:$/.test(parsed.protocol)) return text.replace(/\/+$/, '')
  throw new SettingError(`${name} is not an address such as https://farm.example.org`)
}

function tokenOf(env: Environment): Settings['token'] {
  for (const source of ['RUMPFARM_TOKEN', 'ADMIN_TOKEN']) {
    const value = env[source]
    if (!value) continue
    if (/^[\x21-\x7e]+$/.test(value)) return { value, source }
    throw new SettingError(`${source} has a space or another character that a header cannot contain`)
  }
  return undefined
}

/** The address at which programs on this machine reach a server that listens on `host` and `port`. */
export const localUrl = (host: string, port: number): string => {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** If programs on other machines cannot listen at this address. */
export const isLocal = (url: string): boolean => {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
