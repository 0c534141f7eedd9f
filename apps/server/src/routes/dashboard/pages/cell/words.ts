import type { CellRecord, CellView, SinceLastGood } from '@rumpfarm/farm'
import { counted, type Status, shortCommit, statusLabel } from '../../components/status.ts'
import { age } from '../../components/times.ts'

/** The status whose sign and colour the heading has. */
export function cellMark({ last, known, open }: CellView): Status {
  if (!last) return open[0]?.state ?? 'never-ran'
  if (known !== null && isFailing(last)) return 'known-failure'
  return last.verdict
}

const isFailing = ({ verdict }: CellRecord): boolean => verdict === 'failed' || verdict === 'timed-out'

/** The state of the cell in words, such as `Newly failing since abc1234, 2 h ago, unconfirmed`. */
export function stateWords({ last, planned }: Pick<CellView, 'last' | 'planned'>, at: Date): string {
  if (!last) return planned ? 'Never ran' : 'Never ran, and no job is planned'
  const since = `since ${shortCommit(last.since.commit)}, ${age(last.since.at, at)} ago`
  switch (last.state) {
    case 'unknown':
      return `No result yet: the newest attempt is ${statusLabel[last.verdict]}`
    case 'passing':
      return `Passing ${since}`
    case 'fixed':
      return `Fixed: passing again ${since}`
    case 'failing':
      return `Failing ${since}, and never passed`
    case 'newly-failing-unconfirmed':
      return `Newly failing ${since}, unconfirmed`
    case 'newly-failing':
      return `Newly failing ${since}`
    case 'still-failing':
      return `Still failing ${since}`
    case 'failing-differently':
      return `Failing ${since}, ${differently(last, at)}`
    case 'flaky':
      return `Flaky: the newest run ${isFailing(last) ? statusLabel[last.verdict] : 'passed'}`
  }
}

const differently = ({ changed }: CellRecord, at: Date): string =>
  changed ? `differently since ${shortCommit(changed.commit)}, ${age(changed.at, at)} ago` : 'differently before'

/** Why the cell has this state, in one or two sentences. */
export function stateReason(last: CellRecord): string {
  const { changes, results } = last.flakiness
  switch (last.state) {
    case 'unknown':
      return 'A cancelled, lost or broken attempt says nothing about the commit.'
    case 'passing':
      return 'The newest commit with a result passed.'
    case 'fixed':
      return 'The newest commit with a result passed, and the commit before it failed.'
    case 'failing':
      return 'No commit of this branch has passed here.'
    case 'newly-failing-unconfirmed':
      return 'The commit before passed. The failure counts as new after it repeats in the same way.'
    case 'newly-failing':
      return 'The commit before passed, and the failure repeated in the same way.'
    case 'still-failing':
      return 'The newest commits failed in the same way.'
    case 'failing-differently':
      return 'The newest commit failed at another step or with another error than the commit before it.'
    case 'flaky':
      return changes > 1
        ? `The result changed ${counted(changes, 'time')} in ${counted(results, 'run')}, so one failure shows little about its commit.`
        : 'One commit passed and failed, so one failure shows little about its commit.'
  }
}

/** The heading of the changes since the last good run. It blames a commit only if no other commit is left. */
export function suspectWords({ commits, sources }: Pick<SinceLastGood, 'commits' | 'sources'>): string {
  if (sources.length === 0) return 'No source changed since the last good run'
  if (commits === null) return 'One of several commits: the farm does not know all of them'
  if (commits !== 1) return `One of ${counted(commits, 'commit')}`
  const only = sources.flatMap(({ commits: found }) => found)[0]
  return only ? `${shortCommit(only.commit)} by ${only.author} is the only new commit` : 'One commit'
}
