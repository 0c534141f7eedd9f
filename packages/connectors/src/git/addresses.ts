import { createHash } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hideSecrets } from '@rumpfarm/contracts'

const schemePattern = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//
const refPattern = /^(?![-/.])(?!.*(\.\.|@\{|\/\/))[^\p{Cc} ~^:?*[\\]{1,200}$/u
const pathPattern = /^(?!-)(?!.*(^|\/)\.{0,2}(\/|$))[^\p{Cc}\\]{1,500}$/u

/** Why git may not be given this repository, or undefined. */
export function addressProblem(repository: string): string | undefined {
  const shown = hideSecrets(repository)
  if (repository.startsWith('-')) return `the repository "${shown}" begins with "-": git would take it for an option`
  // A clone of the farm may lie in a directory whose name has spaces; a URL has none.
  const form = isAbsolute(repository) ? /^[^\p{Cc}]{1,1000}$/u : /^[^\p{Cc} ]{1,1000}$/u
  if (!form.test(repository)) return `the repository "${shown}" is empty, too long, or has spaces`
  if (/^[^/]+::/.test(repository)) return `the repository "${shown}" names a helper program (…::): use a URL or a path`
  if (schemePattern.test(repository) || isAbsolute(repository) || /^[^/]+:/.test(repository)) return undefined
  return `the repository "${shown}" is neither a URL nor an absolute path`
}

/** A branch or tag name that git takes literally. */
export const isRefName = (text: string): boolean => refPattern.test(text)
export const isFullCommit = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
export const isShortCommit = (text: string): boolean => /^[0-9a-f]{7,63}$/.test(text)
/** A path inside a repository: relative, without `..`, `.` or empty parts. */
export const isInnerPath = (text: string): boolean => pathPattern.test(text)

/** The directory a repository is on this machine, or undefined when it is somewhere else. */
export function localPath(repository: string): string | undefined {
  if (isAbsolute(repository)) return repository
  if (!repository.startsWith('file://')) return undefined
  try {
    return fileURLToPath(repository)
  } catch {
    return undefined // file://host/…: git will say what it thinks of it
  }
}

/** A directory's name for a repository's mirror: readable, and never that of another, nor of another place. */
export function mirrorName(repository: string, address: string): string {
  const words = hideSecrets(repository)
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/\.git\/?$/, '')
  const slug = words
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(-60)
  return `${slug}-${createHash('sha256').update(`${repository}\n${address}`).digest('hex').slice(0, 12)}.git`
}
