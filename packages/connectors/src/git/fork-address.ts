// Decides whether the farm may fetch from the address of a fork. The address comes from a forge's message about a pull
// request, and the owner of the fork may have chosen it. So the farm connects only over http and https, only to public
// addresses or to the host of the configured repository, follows no redirects, and sends no passwords.
import type { LookupAddress } from 'node:dns'
import { hideSecrets } from '@rumpfarm/contracts'
import type { Guard } from '../notifiers/guard.ts'
import type { Problem } from './remote.ts'

export interface AllowedAddress {
  address: string
  /** Options of git before its command. */
  options: string[]
  /** Variables that replace those of the farm's environment for git. */
  also: Record<string, string>
}

/** The first address that the farm may use. */
export async function allowForkAddress(
  urls: readonly string[],
  repository: string,
  guard: Guard,
): Promise<AllowedAddress | Problem> {
  const web = urls.map(readUrl).filter(url => url !== undefined)
  const [url] = web
  if (!url) return problem('the forge names no http or https address of the fork')
  const own = readUrl(repository)
  const same = web.find(({ host }) => host === own?.host)
  // The administrator chose this host, and may have configured a password for it.
  if (same) return { address: same.href, options: [], also: onlyHttp }
  const addresses = await resolve(url.hostname, guard)
  if (typeof addresses === 'string') return problem(`cannot read the fork ${hideSecrets(url.href)}: ${addresses}`)
  return { address: url.href, options: closedOptions(url, addresses), also: { ...onlyHttp, ...withoutHome } }
}

function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined
  return url.username === '' && url.password === '' ? url : undefined
}

/** The addresses of a host, or why the farm may not connect to it. */
async function resolve(hostname: string, guard: Guard): Promise<string[] | string> {
  try {
    guard.check(hostname)
    const found = await new Promise<LookupAddress[]>((done, fail) =>
      guard.lookup(hostname.replace(/^\[(.*)\]$/, '$1'), { all: true }, (error, addresses) =>
        error ? fail(error) : done(addresses as LookupAddress[]),
      ),
    )
    return found.map(({ address }) => address)
  } catch (error) {
    return (error as Error).message
  }
}

/** git connects to the addresses that the farm has checked, and to no other, even if the name gets another address. */
function closedOptions({ hostname, port, protocol }: URL, addresses: readonly string[]): string[] {
  const number = port || (protocol === 'https:' ? '443' : '80')
  const settings = [
    `http.curloptResolve=${hostname}:${number}:${addresses.join(',')}`,
    'http.followRedirects=false',
    'http.extraHeader=',
    'http.cookieFile=',
    'credential.helper=',
  ]
  return settings.flatMap(setting => ['-c', setting])
}

const onlyHttp = { GIT_ALLOW_PROTOCOL: 'https:http' }
/** Without the user's .netrc and .gitconfig. */
const withoutHome = { HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })
