/** A job that waits for a host, with the facts that decide when the host takes it. */
export interface NextJob {
  project: string
  priority: number
  buildId: number
  jobId: number
}

/** What a host did for a project. */
export interface Turn {
  /** How many jobs of the project the host runs now. */
  running: number
  /** When the host last took a job of the project; null if it never did. */
  lastAt: Date | null
}

/** The turns of the projects on one host. */
export type Turns = ReadonlyMap<string, Turn>

/**
 * The waiting jobs of a host in the order in which it takes them. A larger priority comes first: by hand, push, schedule,
 * bisection. Projects with jobs of the same priority take turns: the project of which the host runs fewer jobs, then the
 * one that waits longer for its turn. Of a project, the newest build comes first.
 */
export function inOrder<Job extends NextJob>(jobs: readonly Job[], turns: Turns): Job[] {
  const places = new Map([...turns].map(([project, { running, lastAt }]) => [project, placeOf(running, lastAt)]))
  const ordered: Job[] = []
  const groups = grouped(jobs, ({ priority }) => priority)
  for (const priority of [...groups.keys()].sort((one, other) => other - one))
    takeTurns(groups.get(priority) ?? [], places, ordered)
  return ordered
}

interface Place {
  running: number
  /** A smaller number is an earlier time. */
  last: number
}

const placeOf = (running: number, lastAt: Date | null): Place => ({ running, last: lastAt?.getTime() ?? 0 })

function takeTurns<Job extends NextJob>(jobs: readonly Job[], places: Map<string, Place>, ordered: Job[]): void {
  const byProject = grouped(jobs, ({ project }) => project)
  const waiting = [...byProject].map(([project, own]) => ({ project, jobs: own.toSorted(newestBuildFirst), next: 0 }))
  for (let left = jobs.length; left > 0; left--) {
    const [first] = waiting.filter(({ jobs: own, next }) => next < own.length).sort(byTurn(places))
    const job = first?.jobs[first.next++]
    if (!first || !job) return
    ordered.push(job)
    const { running } = placeIn(places, first.project)
    // Later than every earlier turn, and than all times.
    places.set(first.project, { running: running + 1, last: Number.MAX_SAFE_INTEGER - left })
  }
}

function grouped<Job, Key>(jobs: readonly Job[], keyOf: (job: Job) => Key): Map<Key, Job[]> {
  const groups = new Map<Key, Job[]>()
  for (const job of jobs) {
    const group = groups.get(keyOf(job))
    if (group) group.push(job)
    else groups.set(keyOf(job), [job])
  }
  return groups
}

const placeIn = (places: ReadonlyMap<string, Place>, project: string): Place =>
  places.get(project) ?? { running: 0, last: 0 }

const byTurn = (places: ReadonlyMap<string, Place>) => (one: { project: string }, other: { project: string }) => {
  const [first, second] = [placeIn(places, one.project), placeIn(places, other.project)]
  return first.running - second.running || first.last - second.last || (one.project < other.project ? -1 : 1)
}

const newestBuildFirst = (one: NextJob, other: NextJob): number =>
  other.buildId - one.buildId || one.jobId - other.jobId

/** Whether a project may run no further job now. `cap` is `jobs-at-once` of farm.yaml, over all hosts. */
export const isAtCap = (cap: number | null | undefined, running: number): boolean => cap != null && running >= cap
