import type { Git } from './git.ts'
import type { Mirror } from './mirror.ts'

export const changedFilesMax = 10_000

/** Unknown if the mirror does not have both commits, or if more than 10,000 files are different. */
export type ChangedFilesAnswer = { kind: 'files'; files: string[] } | { kind: 'unknown' }

/** The paths of the files that are different in two commits of the mirror. A renamed file has both paths. */
export async function listChangedFiles(
  git: Git,
  { directory }: Mirror,
  { before, after }: { before: string; after: string },
): Promise<ChangedFilesAnswer> {
  const args = ['diff-tree', '-r', '--no-renames', '--name-only', '-z', '--end-of-options', before, after]
  const listed = await git.text({
    args,
    seconds: git.limits.archiveSeconds,
    cwd: directory,
    also: { GIT_DIR: directory },
  })
  if (listed.kind === 'failed') return { kind: 'unknown' }
  const files = listed.stdout.toString('utf8').split('\0').slice(0, -1)
  return files.length > changedFilesMax ? { kind: 'unknown' } : { kind: 'files', files }
}
