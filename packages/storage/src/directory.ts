import { join } from 'node:path'
import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import { type Files, openFiles } from './growing-files.ts'

/** The bytes of the logs, one file an attempt. */
export type Logs = Files<AttemptId>

const openLogsMax = 256

/** Where what belongs to an attempt is kept: 1,000 jobs in each folder. */
const placeOf = (directory: string, attempt: AttemptId, ending: string): string =>
  join(directory, String(Math.floor(attempt.jobId / 1000)), `${attemptName(attempt)}.${ending}`)

export const openLogs = (directory: string): Logs =>
  openFiles(attempt => placeOf(directory, attempt, 'log'), openLogsMax)

export interface ArtifactKey extends AttemptId {
  name: string
}

/** The bytes of the artifacts, a folder an attempt beside its log. */
export type Artifacts = Files<ArtifactKey>

const openArtifactsMax = 64

/** One flat folder: no name has a comma, so `a` and `a/b`, which no host can have both, are still two files here. */
export const openArtifacts = (directory: string): Artifacts =>
  openFiles(key => join(placeOf(directory, key, 'artifacts'), key.name.replaceAll('/', ',')), openArtifactsMax)
