import type { OutcomeKind } from '../bisection/next-probe.rule.ts'
import type { Tx } from '../db/transaction.ts'
import { announce } from './announce.ts'

interface EndedBisection {
  id: number
  projectName: string
  branch: string
  hostId: number
  arch: string
  variant: string
  fingerprint: string | null
}

/** The outcomes that tell people something about the failure. The others say only why the search stopped. */
const answers: readonly OutcomeKind[] = ['confirmed', 'range', 'host-changed', 'flaky', 'other-failure', 'noisy']

/** Announces the answer of a bisection, in the thread of its problem. */
export async function announceBisected(tx: Tx, bisection: EndedBisection, outcome: OutcomeKind): Promise<void> {
  if (!answers.includes(outcome)) return
  const { id, projectName, branch, fingerprint } = bisection
  const [problem] = await tx.query<{ id: number }>`
    SELECT "id" FROM "Problem" WHERE "projectName" = ${projectName} AND "branch" = ${branch} AND "key" = ${fingerprint}
       AND "closedAt" IS NULL`
  const [found] = await tx.query<{ commit: string }>`
    SELECT "commit" FROM "BisectionCommit" commit JOIN "Bisection" own ON own."id" = commit."bisectionId"
     WHERE own."id" = ${id} AND commit."position" = own."high" AND commit."doubt" IS DISTINCT FROM 'merge'`
  await announce(tx, [
    {
      event: 'bisected',
      project: projectName,
      branch,
      bisectionId: id,
      problemId: problem?.id ?? null,
      cells: [bisection],
      ...(outcome === 'confirmed' && found ? { commit: found.commit } : {}),
      subject: `bisection:${id}:finished`,
      thread: problem ? `problem:${problem.id}` : `bisection:${id}`,
      waits: false,
    },
  ])
}
