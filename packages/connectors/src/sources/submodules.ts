import type { TarballContent } from '../git/archive.ts'
import type { Git } from '../git/git.ts'
import type { Mirror } from '../git/mirror.ts'
import { readWholeTree } from '../git/whole-tree.ts'

export interface Gitlink {
  /** The path from the root of the tarball. */
  path: string
  /** The path from the root of the repository. */
  fullPath: string
  commit: string
}

/** The submodules of a commit, below the project's directory. */
export async function listGitlinks(git: Git, mirror: Mirror, { commit, path }: TarballContent): Promise<Gitlink[]> {
  const root = path === undefined ? '' : `${path}/`
  const links: Gitlink[] = []
  for await (const entry of readWholeTree(git, mirror, commit)) {
    const fullPath = entry.path.toString('utf8')
    if (entry.mode === '160000' && fullPath.startsWith(root))
      links.push({ path: fullPath.slice(root.length), fullPath, commit: entry.hash })
  }
  return links
}

/** The addresses in .gitmodules, by the path of the submodule. */
export async function readSubmoduleAddresses(
  git: Git,
  { directory }: Mirror,
  commit: string,
): Promise<Map<string, string>> {
  const args = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--get-regexp', '^submodule\\..*\\.(path|url)$']
  const asked = await git.text({
    args,
    seconds: git.limits.archiveSeconds,
    cwd: directory,
    also: { GIT_DIR: directory },
  })
  if (asked.kind === 'failed') return new Map()
  const paths = new Map<string, string>()
  const urls = new Map<string, string>()
  for (const entry of asked.stdout.toString('utf8').split('\0')) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? []
    if (name !== undefined && value !== undefined) (key === 'path' ? paths : urls).set(name, value)
  }
  const found = [...paths].map(([name, path]): [string, string | undefined] => [
    path.replace(/\/+$/, ''),
    urls.get(name),
  ])
  return new Map(found.filter((entry): entry is [string, string] => entry[1] !== undefined))
}
