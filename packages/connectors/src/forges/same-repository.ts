import { fileURLToPath } from 'node:url'

/**
 * Whether two addresses name the same repository. The comparison ignores the scheme (https, ssh, git@host:path),
 * `.git`, a slash at the end, the case of the host, user names and standard ports. With `anyCase` it also ignores the
 * case of the path, as GitHub, GitLab, Gitea, Forgejo and Bitbucket do. In a path on this machine, the case always
 * matters.
 */
export function sameRepository(one: string, other: string, { anyCase = false } = {}): boolean {
  const [first, second] = [canonical(one), canonical(other)]
  if (first === second) return true
  return anyCase && !first.startsWith('/') && first.toLowerCase() === second.toLowerCase()
}

const standardPorts: Record<string, string> = { 'http:': '80', 'https:': '443', 'git:': '9418' }

function canonical(address: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(address)
  const short = scheme ? undefined : /^(?:[^@/:]+@)?(\[[^\]]+\]|[^/:]+):(.*)$/.exec(address)
  if (short) return joined(short[1] ?? '', '', short[2] ?? '')
  if (!scheme) return `/${trim(address)}`
  return fromUrl(address) ?? address
}

function fromUrl(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  if (url.protocol === 'file:') return url.host ? undefined : `/${trim(fileURLToPath(url))}`
  // The port of ssh does not count, because the web server of the same forge has another port.
  const port = url.protocol.includes('ssh') || url.port === standardPorts[url.protocol] ? '' : url.port
  return joined(url.hostname, port, decode(url.pathname))
}

const joined = (host: string, port: string, path: string) => `${host.toLowerCase()}${port && `:${port}`}/${trim(path)}`

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
