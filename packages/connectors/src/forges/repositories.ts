import { fileURLToPath } from 'node:url'

/**
 * Whether two addresses name one repository: https, ssh and git@host:path are ways to the same place; `.git`, a slash at the
 * end, the host's case, user names and usual ports say nothing. `anyCase`: the path's case says nothing either, as on GitHub,
 * GitLab, Gitea, Forgejo and Bitbucket; a path on this machine is compared as it is.
 */
export function sameRepository(one: string, other: string, { anyCase = false } = {}): boolean {
  const [first, second] = [canonical(one), canonical(other)]
  if (first === second) return true
  return anyCase && !first.startsWith('/') && first.toLowerCase() === second.toLowerCase()
}

const usualPorts: Record<string, string> = { 'http:': '80', 'https:': '443', 'git:': '9418' }

function canonical(address: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(address)
  const short = scheme ? undefined : /^(?:[^@/:]+@)?(\[[^\]]+\]|[^/:]+):(.*)$/.exec(address)
  if (short) return place(short[1] ?? '', '', short[2] ?? '')
  if (!scheme) return `/${trim(address)}`
  return fromUrl(address) ?? address
}

function fromUrl(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  if (url.protocol === 'file:') return url.host ? undefined : `/${trim(fileURLToPath(url))}`
  // An ssh port tells nothing of the web server beside it.
  const port = url.protocol.includes('ssh') || url.port === usualPorts[url.protocol] ? '' : url.port
  return place(url.hostname, port, decode(url.pathname))
}

const place = (host: string, port: string, path: string) => `${host.toLowerCase()}${port && `:${port}`}/${trim(path)}`

const trim = (path: string) =>
  path
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '')
    .replace(/\/+$/, '')

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
