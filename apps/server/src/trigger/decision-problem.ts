import type { DecisionOutcome } from '@rumpfarm/farm'
import type { OutcomeProblem } from '../http/problems/outcomes.ts'

/** Why a decision about a commit of a pull request was not recorded. */
export function decisionProblem(
  outcome: Exclude<DecisionOutcome, { kind: 'approved' } | { kind: 'refused' }>,
  { project, number }: { project: string; number: number },
): OutcomeProblem {
  const request = `pull request ${number} of ${project}`
  switch (outcome.kind) {
    case 'unknown':
      return { kind: 'unknown', detail: `the farm knows no such commit of ${request}` }
    case 'not-newest':
      return {
        kind: 'not-approvable',
        detail: `${request} has a newer commit, ${outcome.newest}: read its changes, and decide about that commit`,
      }
    case 'ended':
      return { kind: 'not-approvable', detail: `${request} is ${outcome.state}` }
    case 'no-decision-needed':
      return { kind: 'not-approvable', detail: `${request} needs no approval` }
  }
}
