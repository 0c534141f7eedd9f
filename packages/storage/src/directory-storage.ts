import { join } from 'node:path'
import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import { openFiles } from './open-files.ts'
import type { Storage } from './storage.ts'

// An open file needs a descriptor. A process commonly may have 1,024, and each host's connection needs one, too.
const openLogsMax = 256
const openArtifactsMax = 64

/** Keeps logs and artifacts in a directory, which all servers of a farm can reach. Creates it with the first file. */
export function openDirectoryStorage(directory: string): Storage {
  const logs = openFiles<AttemptId>(attempt => pathOf(directory, attempt, 'log'), openLogsMax)
  // One flat folder for each attempt. No name contains a comma, so `a` and `a/b` get two different files.
  const artifacts = openFiles<AttemptId & { name: string }>(
    key => join(pathOf(directory, key, 'artifacts'), key.name.replaceAll('/', ',')),
    openArtifactsMax,
  )
  return {
    logs,
    artifacts,
    close() {
      logs.close()
      artifacts.close()
    },
  }
}

/** 1,000 jobs in each folder: `4/4711.2.log`. */
const pathOf = (directory: string, attempt: AttemptId, extension: string): string =>
  join(directory, String(Math.floor(attempt.jobId / 1000)), `${attemptName(attempt)}.${extension}`)
