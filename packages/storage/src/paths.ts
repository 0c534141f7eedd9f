import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { ArtifactKey } from './storage.ts'

// Both stores use the same relative paths, so a farm can move from one to the other.

/** A path such as `4/4711.2.log`. Each folder contains the files of 1,000 jobs. */
export const pathOfLog = (attempt: AttemptId): string => pathOf(attempt, 'log')

export const pathOfTimes = (attempt: AttemptId): string => pathOf(attempt, 'times')

/** Each attempt has one folder without subfolders. No name contains a comma, so a comma can replace each slash. */
export const pathOfArtifact = ({ name, ...attempt }: ArtifactKey): string =>
  `${pathOf(attempt, 'artifacts')}/${name.replaceAll('/', ',')}`

const pathOf = (attempt: AttemptId, extension: string): string =>
  `${Math.floor(attempt.jobId / 1000)}/${attemptName(attempt)}.${extension}`
