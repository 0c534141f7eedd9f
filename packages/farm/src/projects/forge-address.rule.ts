import type { ForgeName } from '@rumpfarm/contracts'

export interface ForgeAddress {
  api: string
  /** The path of the repository on the forge. */
  repository: string
}

const apiOf: Record<ForgeName, (host: string) => string> = {
  github: host => (host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`),
  gitlab: host => `https://${host}/api/v4`,
  gitea: host => `https://${host}/api/v1`,
  forgejo: host => `https://${host}/api/v1`,
  bitbucket: () => 'https://api.bitbucket.org/2.0',
  'bitbucket-data-center': host => `https://${host}/rest`,
}

/**
 * The API of a forge, and the path of the repository on it, from the address that git uses. Each is undefined if the
 * address does not tell it: a path on this machine tells neither, and an address with http:// does not tell the API,
 * because the farm sends a token only to an https address unless farm.yaml names another.
 */
export function forgeAddress(forge: ForgeName, address: string): Partial<ForgeAddress> {
  const found = placeOf(address)
  if (!found) return {}
  const path = found.path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '')
  const repository = forge === 'bitbucket-data-center' ? path.replace(/^scm\//, '') : path
  return {
    ...(found.plain ? {} : { api: apiOf[forge](found.host) }),
    ...(/^[A-Za-z0-9._~+-]+(\/[A-Za-z0-9._~+-]+)+$/.test(repository) ? { repository } : {}),
  }
}

interface Place {
  /** The host's name, with the port of its web server if it has a special one. */
  host: string
  path: string
  plain: boolean
}

function placeOf(address: string): Place | undefined {
  const short = /^(?:[^@/:\s]+@)?([A-Za-z0-9.-]+\.[A-Za-z0-9-]+):(?!\/\/)(.+)$/.exec(address)
  if (short) return { host: (short[1] ?? '').toLowerCase(), path: short[2] ?? '', plain: false }
  if (!/^(?:https?|ssh|git):\/\//i.test(address) || !URL.canParse(address)) return undefined
  const url = new URL(address)
  const port = url.protocol === 'https:' && url.port ? `:${url.port}` : ''
  return { host: url.hostname.toLowerCase() + port, path: url.pathname, plain: url.protocol === 'http:' }
}
