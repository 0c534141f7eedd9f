import { api } from '@rumpfarm/contracts'
import type { AttemptView } from '@rumpfarm/farm'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { defaultAttempt } from '../runs/default-attempt.ts'
import { failureOf } from '../runs/failure-of.ts'
import { findAttempt, findBuild } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

/** Why jobs failed: docs/failures.md. */
export const failures =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    const response = { 200: api.ref(api.JobFailure), ...refusalsFor('unknown') }

    app.get(
      '/jobs/:id/failure',
      {
        schema: {
          tags: ['failures'],
          operationId: 'getJobFailure',
          summary: 'Why a job failed: step, first error with the lines around it, and where else it occurs',
          description: 'The newest attempt. While the farm repeats a failure to confirm it: the failed attempt.',
          params: api.IdParam,
          response,
        },
      },
      request => answerFailure(request.params),
    )

    app.get(
      '/jobs/:id/attempts/:number/failure',
      {
        schema: {
          tags: ['failures'],
          operationId: 'getAttemptFailure',
          summary: 'Why one attempt failed',
          description: 'As `getJobFailure`, but of the attempt that the address names.',
          params: api.AttemptParam,
          response,
        },
      },
      request => answerFailure(request.params),
    )

    async function answerFailure(wanted: { id: number; number?: number }) {
      const { job, attempt } = await findAttempt(farm, wanted, defaultAttempt)
      const found = await failureOf(farm, job, attempt)
      if (!found) throw noFailure(attempt)
      const { failure, spread, seenBefore } = found
      return { ...failure, spread, seenBefore }
    }

    app.get(
      '/builds/:id/failures',
      {
        schema: {
          tags: ['builds'],
          operationId: 'listBuildFailures',
          summary: 'Distinct failures of a build',
          description: 'Failures with equal fingerprints are one failure. The answer names the jobs of each failure.',
          params: api.IdParam,
          response: { 200: api.ref(api.BuildFailures), ...refusalsFor('unknown') },
        },
      },
      async request => farm.failures.ofBuild({ buildId: (await findBuild(farm, request.params.id)).id }),
    )
  }

/** Seconds after which a client can ask again for a failure that the farm has not examined yet. */
const examinedAfterSeconds = 5

function noFailure({ attempt, state, verdict }: AttemptView): Refusal {
  if (verdict !== 'failed' && verdict !== 'timed-out')
    return new Refusal('unknown', `attempt ${attempt} has not failed: it is ${verdict ?? state}`)
  const detail = `the farm has not examined the log of attempt ${attempt} yet: try again in some seconds`
  return new Refusal('unknown', detail, {}, examinedAfterSeconds)
}
