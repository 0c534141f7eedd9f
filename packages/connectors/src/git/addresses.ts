import { createHash } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hideSecrets } from '@rumpfarm/contracts'

const schemePattern = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//
const refPattern = /^(?![-/.])(?!.*(\.\.|@\{|\/\/))[^\p{Cc} ~^:?*[\\]{1,200}$/u
const pathPattern = /^(?!-)(?!.*(^|\/)\.{0,2}(\/|$))[^\p{Cc}\\]{1,500}$/u

/** Why the farm does not pass this address to git; undefined if the address is allowed. */
export function addressProblem(repository: string): string | undefined {
  const shown = hideSecrets(repository)
  if (repository.startsWith('-')) return `the repository "${shown}" begins with "-": git would read it as an option`
  // A path can have spaces, for example the path of a clone of the farm. A URL cannot have spaces.
  const form = isAbsolute(repository) ? /^[^\p{Cc}]{1,1000}$/u : /^[^\p{Cc} ]{1,1000}$/u
  if (!form.test(repository)) return `the repository "${shown}" is empty, too long, or has spaces`
  if (/^[^/]+::/.test(repository)) return `the repository "${shown}" names a remote helper (…::): use a URL or a path`
  if (schemePattern.test(repository) || isAbsolute(repository) || /^[^/]+:/.test(repository)) return undefined
  return `the repository "${shown}" is neither a URL nor an absolute path`
}

/** A name of a branch or tag without characters that git interprets. */
export const isRefName = (text: string): boolean => refPattern.test(text)
export const isFullCommit = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
export const isShortCommit = (text: string): boolean => /^[0-9a-f]{7,63}$/.test(text)
/** A path inside a repository: relative, without `..`, `.` or empty parts. */
export const isInnerPath = (text: string): boolean => pathPattern.test(text)

/** The directory of a repository on this machine; undefined if the repository is elsewhere. */
export function localPath(repository: string): string | undefined {
  if (isAbsolute(repository)) return repository
  if (!repository.startsWith('file://')) return undefined
  try {
    return fileURLToPath(repository)
  } catch {
    return undefined // the address is file://host/…, and git refuses it with a message
  }
}

/** A readable name for the mirror's directory. Two different pairs of repository and address have different names. */
export function mirrorName(repository: string, address: string): string {
  const readable = hideSecrets(repository)
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/\.git\/?$/, '')
  const slug = readable
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(-60)
  return `${slug}-${createHash('sha256').update(`${repository}\n${address}`).digest('hex').slice(0, 12)}.git`
}
