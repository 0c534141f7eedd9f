// The history that a farm imports: facts only. The farm's own rules derive verdicts, positions and cells from them.
import type { FinishReason, HostFacts, StepEnd } from '@rumpfarm/contracts'
import type { PreparedSource } from '../builds/prepared-source.ts'
import type { DeclaredArch } from '../hosts/hello.ts'

export interface ImportedHost {
  id: number
  name: string
  slots: number
  version: string
  /** The facts since `enrolledAt`, and each later change; oldest first. */
  facts: { since: Date; facts: HostFacts }[]
  arches: DeclaredArch[]
  enrolledAt: Date
  lastSeenAt: Date
  /** The host has sent nothing since this time. */
  silentSince: Date | null
  pausedAt: Date | null
}

export interface ImportedBuild {
  id: number
  project: string
  commit: string
  branch: string
  subject: string
  author: string
  createdAt: Date
  sources: PreparedSource[]
  jobs: ImportedJob[]
}

export interface ImportedJob {
  id: number
  hostId: number
  arch: string
  variant: string
  /** Oldest first. Only the last attempt can be open. */
  attempts: ImportedAttempt[]
}

export interface ImportedAttempt {
  purpose: 'build' | 'retry' | 'lost' | 'confirm'
  queuedAt: Date
  /** Undefined while no host has claimed the attempt. */
  claimed?: { slot: number; at: Date; compiler: string | null; steps: StepEnd[]; log: Buffer | null }
  /** Undefined while the attempt is open. */
  end?: { at: Date; reason: FinishReason | 'lease-expired' }
}

/** The commits of a repository, in any order. */
export interface ImportedCommits {
  /** The repository's address in farm.yaml. */
  repository: string
  commits: { commit: string; parent: string | null; author: string; subject: string; committedAt: Date }[]
}
