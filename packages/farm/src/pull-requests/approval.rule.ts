import type { ForkRule } from '@rumpfarm/contracts'

/** Whether the farm may build a commit of a pull request. */
export type Approval =
  /** The author can push to the repository, or farm.yaml allows all forks. */
  | 'not-needed'
  /** An administrator must decide. */
  | 'waiting'
  | 'approved'
  | 'refused'

/** The decision about a commit that the farm sees for the first time. */
export function firstApproval(fork: boolean, rule: ForkRule): Approval {
  if (!fork || rule === 'always') return 'not-needed'
  return rule === 'never' ? 'refused' : 'waiting'
}

export const mayBuild = (approval: Approval): boolean => approval === 'not-needed' || approval === 'approved'

/**
 * The decision about a commit that the farm has seen before. A decision of a person stays, unless farm.yaml now forbids
 * all forks. If the commit now counts as code from a fork, an approval that nobody gave does not stay.
 */
export function laterApproval(before: Approval, decided: boolean, fork: boolean, rule: ForkRule): Approval {
  if (fork && rule === 'never') return 'refused'
  return decided ? before : firstApproval(fork, rule)
}

const waitsSeconds = [10, 30, 60, 300, 900, 3600]
/** Git could not read the request. After this many tries, the farm waits for the next event. */
const triesMax = 12

/** When the farm tries again to read a request; undefined if it gives up. */
export function nextRead(tries: number, now: Date): Date | undefined {
  if (tries >= triesMax) return undefined
  const seconds = waitsSeconds[Math.min(Math.max(tries, 1), waitsSeconds.length) - 1] as number
  return new Date(now.getTime() + seconds * 1000)
}
