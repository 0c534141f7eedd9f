// Downloaded files in a directory of the farm. The name of a file is the checksum of its content.
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** Whether the farm has this file. Records the use. */
export async function isKept(file: string): Promise<boolean> {
  const now = new Date()
  return utimes(file, now, now).then(
    () => true,
    () => false,
  )
}

const draftHoursMax = 24

/**
 * Removes the least recently used files until all together are within the limit, and the incomplete files of a killed
 * server. Keeps the file `needed`.
 */
export async function removeOldest(directory: string, bytesMax: number, needed?: string): Promise<void> {
  const names = await readdir(directory)
  const files = await Promise.all(
    names.map(async name => ({ name, found: await stat(join(directory, name)).catch(() => undefined) })),
  )
  let bytes = files.reduce((sum, { found }) => sum + (found?.size ?? 0), 0)
  const oldestFirst = files.sort((a, b) => (a.found?.mtimeMs ?? 0) - (b.found?.mtimeMs ?? 0))
  for (const { name, found } of oldestFirst) {
    const isDraft = name.startsWith('.')
    const isOldDraft = isDraft && Date.now() - (found?.mtimeMs ?? 0) > draftHoursMax * 3_600_000
    if (!isOldDraft && (isDraft || bytes <= bytesMax || name === needed)) continue
    bytes -= found?.size ?? 0
    await rm(join(directory, name), { force: true })
  }
}
