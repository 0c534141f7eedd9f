import { rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openLogs } from './directory-logs.ts'
import { FreeSpace } from './free-space.ts'
import { openLogTimes } from './log-times.ts'
import { openFiles } from './open-files.ts'
import { pathOfArtifact, pathOfTimes } from './paths.ts'
import type { ArtifactKey, Storage } from './storage.ts'

// An open file needs a descriptor, and so does each connection of a host. The usual limit of a process is 1,024
// descriptors.
const openLogsMax = 256
const openArtifactsMax = 64

/**
 * Keeps logs and artifacts in a directory that all servers of a farm can reach. The first file creates the directory.
 * If less than `reserveBytes` of its disk is free, a write fails like a write to a full disk.
 */
export function openDirectoryStorage(directory: string, { reserveBytes = 0 } = {}): Storage {
  const space = new FreeSpace(directory, reserveBytes)
  const logs = openLogs(directory, openLogsMax, space)
  const artifacts = openFiles<ArtifactKey>(key => join(directory, pathOfArtifact(key)), openArtifactsMax, space)
  return {
    logs,
    artifacts: {
      ...artifacts,
      async remove(key) {
        await artifacts.remove(key)
        await removeEmpty(dirname(join(directory, pathOfArtifact(key))))
      },
    },
    logTimes: openLogTimes(attempt => join(directory, pathOfTimes(attempt))),
    shared: undefined,
    uploads: undefined,
    tidy: async () => {},
    async close() {
      logs.close()
      artifacts.close()
    },
  }
}

/** Each attempt with artifacts has a folder. Without its last file, the folder goes too. */
async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
