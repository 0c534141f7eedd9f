import { join } from 'node:path'
import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import { FreeSpace } from './free-space.ts'
import { openLogTimes } from './log-times.ts'
import { openFiles } from './open-files.ts'
import type { Storage } from './storage.ts'

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
  const logs = openFiles<AttemptId>(attempt => pathOf(directory, attempt, 'log'), openLogsMax, space)
  // Each attempt has one folder without subfolders. No name contains a comma, so a comma can replace each slash.
  const artifacts = openFiles<AttemptId & { name: string }>(
    key => join(pathOf(directory, key, 'artifacts'), key.name.replaceAll('/', ',')),
    openArtifactsMax,
    space,
  )
  return {
    logs,
    artifacts,
    logTimes: openLogTimes(attempt => pathOf(directory, attempt, 'times')),
    close() {
      logs.close()
      artifacts.close()
    },
  }
}

/** A path such as `4/4711.2.log`. Each folder contains the files of 1,000 jobs. */
const pathOf = (directory: string, attempt: AttemptId, extension: string): string =>
  join(directory, String(Math.floor(attempt.jobId / 1000)), `${attemptName(attempt)}.${extension}`)
