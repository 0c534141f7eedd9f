// git refuses a repository that belongs to another user, unless safe.directory names it:
// https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
// farm.yaml or the administrator names the path. So the farm trusts this path, and no other path.
import { existsSync, realpathSync } from 'node:fs'
import { localPath } from './addresses.ts'

/** Options that make git trust the repository at this path. */
export const trustDirectory = (path: string): string[] =>
  safePaths(path).flatMap(safe => ['-c', `safe.directory=${safe}`])

/**
 * The option that gives upload-pack the same trust. git starts upload-pack for a repository on this machine, and does
 * not pass its own options to upload-pack.
 */
export function uploadPack(repository: string): string[] {
  const path = localPath(repository)
  if (!path) return []
  const options = safePaths(path).map(safe => `-c safe.directory=${quote(safe)}`)
  return [`--upload-pack=git ${options.join(' ')} upload-pack`]
}

/** If only /srv/git/x.git exists, `git fetch` accepts the path /srv/git/x, but `git -C` does not accept it. */
export const withSuffix = (path: string): string =>
  !existsSync(path) && existsSync(`${path}.git`) ? `${path}.git` : path

/** git compares safe.directory with the real path of the repository's directory, or of the .git inside it. */
function safePaths(path: string): string[] {
  const plain = withSuffix(path.replace(/(?<=.)\/+$/, ''))
  const real = existsSync(plain) ? realpathSync(plain) : plain
  return [...new Set([plain, real])].flatMap(each => [each, `${each}/.git`])
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
