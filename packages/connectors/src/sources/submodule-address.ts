import { isAbsolute, posix } from 'node:path'
import { hideSecrets } from '@rumpfarm/contracts'
import { addressProblem } from '../git/addresses.ts'

export type Address = { kind: 'address'; address: string } | { kind: 'refused'; why: string }

const schemes = /^(https?|ssh|git|file):\/\//i

/**
 * The address of a submodule. A relative one (`../lib.git`) begins at the address of the repository that contains the
 * submodule. A repository from another machine may not name a directory of the farm's server.
 */
export function submoduleAddress(parent: string, written: string): Address {
  const shown = hideSecrets(written)
  const address = /^\.\.?(\/|$)/.test(written) ? relativeTo(parent, written) : written
  if (address === undefined) return refused(`its address "${shown}" leaves the address of ${hideSecrets(parent)}`)
  const problem = addressProblem(address)
  if (problem) return refused(problem)
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(address)?.[1]
  if (scheme !== undefined && !schemes.test(address))
    return refused(`its address "${shown}" begins with ${scheme}://; the farm uses https, http, ssh, git and file`)
  if (isLocal(address) && !isLocal(parent))
    return refused(`its address "${shown}" is a directory of the farm's server, but the repository is elsewhere`)
  return { kind: 'address', address }
}

const refused = (why: string): Address => ({ kind: 'refused', why })

const isLocal = (address: string) => isAbsolute(address) || /^file:/i.test(address)

/** As in `git submodule`: each leading `../` removes the last part of the parent's address. */
function relativeTo(parent: string, written: string): string | undefined {
  const base = parent.replace(/\/+$/, '')
  const [, root = '', path = ''] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]*)(\/.*)?$/.exec(base) ??
    /^((?:[^/@]+@)?[^/:]+:)(.*)$/.exec(base) ?? [base, '', base]
  const parts = path.split('/')
  let rest = written
  while (/^\.\.?(\/|$)/.test(rest)) {
    if (rest.startsWith('..')) {
      if (parts.filter(part => part !== '').length === 0) return undefined
      parts.pop()
    }
    rest = rest.replace(/^\.\.?(\/+|$)/, '')
  }
  const joined = posix.join(parts.join('/') || (path.startsWith('/') ? '/' : ''), rest)
  return `${root}${joined === '.' ? '' : joined}`
}
