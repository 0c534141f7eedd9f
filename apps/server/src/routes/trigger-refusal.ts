import type { FastifyReply } from 'fastify'
import { problem } from '../http/problems.ts'
import type { TriggerOutcome } from './trigger.ts'

export type TriggerRefusal = Exclude<TriggerOutcome, { kind: 'built' | 'repeated' }>

/** Why nothing is built, in words for whoever asked. */
export function answerTriggerRefusal(reply: FastifyReply, project: string, outcome: TriggerRefusal): FastifyReply {
  switch (outcome.kind) {
    case 'unknown-project':
      return unknownProject(reply, project, outcome.known)
    case 'branch-not-built': {
      const branches = outcome.branches.join(', ')
      const words = `${project} builds only the branches ${branches}; name the commit to build it all the same: ${outcome.commit}`
      return problem(reply, 'branch-not-built', words)
    }
    case 'no-such-commit':
    case 'repository-problem':
      return problem(reply, outcome.kind, outcome.problem)
  }
}

export const unknownProject = (reply: FastifyReply, name: string, known: string[]): FastifyReply =>
  problem(reply, 'unknown-project', `there is no project ${name}; ${projectWords(known)}`, { known })

const projectWords = (known: readonly string[]): string =>
  known.length > 0 ? `the farm has: ${known.join(', ')}` : 'farm.yaml has none, or is not in force'
