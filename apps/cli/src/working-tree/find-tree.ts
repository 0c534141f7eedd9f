import { git, gitText, recordsOf } from './git.ts'

/** The working tree of a clone. */
export interface Tree {
  /** Its directory. */
  root: string
  /** The commit that is checked out; zeros if there is none. */
  commit: string
  /** One line for people. */
  subject: string
  author: string | undefined
  /** The addresses of the remotes, `origin` first, without user names and passwords. */
  addresses: string[]
}

const noCommit = '0'.repeat(40)

export async function findTree(directory: string): Promise<Tree> {
  const root = (await git(directory, 'rev-parse', '--show-toplevel')).toString().replace(/\n$/, '')
  if (root === '') throw new Error('this repository has no files: it is bare')
  const [commit, branch, author, changes, remotes] = await Promise.all([
    gitText(root, 'rev-parse', '--verify', '--quiet', 'HEAD'),
    gitText(root, 'symbolic-ref', '--short', '--quiet', 'HEAD'),
    gitText(root, 'config', 'user.name'),
    git(root, 'status', '--porcelain', '-z', '--no-renames'),
    gitText(root, 'remote'),
  ])
  const changed = recordsOf(changes).length
  const files = changed === 1 ? '1 changed file' : `${changed} changed files`
  const subject = `${files} on ${branch || (commit ?? noCommit).slice(0, 12)}`
  const addresses = await addressesOf(root, (remotes ?? '').split('\n').filter(Boolean))
  return { root, commit: commit || noCommit, subject: subject.slice(0, 200), author: author || undefined, addresses }
}

async function addressesOf(root: string, remotes: readonly string[]): Promise<string[]> {
  const ordered = [...remotes].sort((a, b) => Number(b === 'origin') - Number(a === 'origin'))
  const found = await Promise.all(ordered.map(remote => gitText(root, 'config', `remote.${remote}.url`)))
  return [...new Set(found.filter(Boolean).map(address => withoutSecret(address as string)))]
}

/** The farm needs no user name or password to compare addresses. */
const withoutSecret = (address: string): string => address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1')
