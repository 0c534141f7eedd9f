import { domainToASCII, fileURLToPath } from 'node:url'

/**
 * Whether two addresses name the same repository. The comparison ignores the scheme (https, ssh, git@host:path),
 * `.git`, slashes at the end, the case of the host, user names, standard ports and all ports of ssh. It ignores the
 * case of the path on the hosts that ignore it; with `anyCase` on every host, because GitHub Enterprise, GitLab, Gitea,
 * Forgejo and Bitbucket ignore it too. In a path on this machine, the case always matters.
 */
export function sameRepository(one: string, other: string, { anyCase = false } = {}): boolean {
  const [first, second] = [placeOf(one), placeOf(other)]
  if (!first || !second) return one === other
  if (first.host !== second.host) return false
  const ignoresCase = first.host !== '' && (anyCase || caseless.has(first.host))
  const nameOf = ({ path }: Place) => withoutSuffix(ignoresCase ? path.toLowerCase() : path)
  return nameOf(first) === nameOf(second)
}

/** Hosts on which the case of a path does not count. */
const caseless = new Set(['github.com', 'gitlab.com', 'bitbucket.org', 'codeberg.org', 'gitea.com'])

/** Names of the same host, for the web and for ssh through port 443. */
const otherNames: Readonly<Record<string, string>> = {
  'www.github.com': 'github.com',
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
}

interface Place {
  /** With the port, if it counts. Empty for a path on this machine. */
  host: string
  /** Without slashes at both ends. */
  path: string
}

const standardPorts: Record<string, string> = { 'http:': '80', 'https:': '443', 'git:': '9418' }

/** Undefined for a URL that is not valid. */
function placeOf(address: string): Place | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(address)) return fromUrl(address)
  return fromShortForm(address) ?? { host: '', path: trim(address) }
}

/**
 * `user@host:path`, which git reads as an address of ssh only if no slash comes before the first colon. So `./a@b:c` is
 * a path. git also reads `[user@host:port]:path`.
 */
function fromShortForm(address: string): Place | undefined {
  const [, bracket, plain, path = ''] = /^(?:[^@/:[\]]+@)?(?:\[([^\]/]+)\]|([^/:[\]]+)):(.*)$/.exec(address) ?? []
  if (bracket === undefined && plain === undefined) return undefined
  return { host: hostOf(plain ?? fromBrackets(bracket ?? '')), path: trim(path) }
}

/** An IPv6 address keeps its brackets. A user and a port are no part of the host. */
function fromBrackets(text: string): string {
  const host = text.slice(text.lastIndexOf('@') + 1)
  return (host.match(/:/g) ?? []).length > 1 ? `[${host}]` : host.replace(/:\d+$/, '')
}

function fromUrl(address: string): Place | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  if (url.protocol === 'file:') return url.host ? undefined : { host: '', path: trim(fileURLToPath(url)) }
  // The port of ssh does not count, because the web server of the same forge has another port.
  const port = url.protocol.includes('ssh') || url.port === standardPorts[url.protocol] ? '' : url.port
  const host = hostOf(url.hostname)
  return { host: port === '' ? host : `${host}:${port}`, path: trim(decode(url.pathname)) }
}

function hostOf(text: string): string {
  const host = (domainToASCII(text) || text).toLowerCase().replace(/\.$/, '')
  return otherNames[host] ?? host
}

const trim = (path: string): string => path.replace(/\/{2,}/g, '/').replace(/^\/|\/$/g, '')
const withoutSuffix = (path: string): string => path.replace(/\/?\.git$/, '').replace(/\/$/, '')

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
