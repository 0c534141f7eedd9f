// git refuses a repository that belongs to another user, unless safe.directory names it:
// https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
// farm.yaml or the administrator names the path, so the farm trusts it, and no other one.
import { existsSync, realpathSync } from 'node:fs'
import { localPath } from './addresses.ts'

/** Options that make git trust the repository at this path. */
export const trustDirectory = (path: string): string[] =>
  safePaths(path).flatMap(safe => ['-c', `safe.directory=${safe}`])

/** The same for the upload-pack that git starts for a repository on this machine. git does not pass our options on to it. */
export function uploadPack(repository: string): string[] {
  const path = localPath(repository)
  if (!path) return []
  const options = safePaths(path).map(safe => `-c safe.directory=${quote(safe)}`)
  return [`--upload-pack=git ${options.join(' ')} upload-pack`]
}

/** git uses /srv/git/x.git for /srv/git/x if only the former exists; `git -C` does not. */
export const withSuffix = (path: string): string =>
  !existsSync(path) && existsSync(`${path}.git`) ? `${path}.git` : path

/** git compares with the real path of the directory, or of its .git. */
function safePaths(path: string): string[] {
  const plain = withSuffix(path.replace(/(?<=.)\/+$/, ''))
  const real = existsSync(plain) ? realpathSync(plain) : plain
  return [...new Set([plain, real])].flatMap(each => [each, `${each}/.git`])
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
