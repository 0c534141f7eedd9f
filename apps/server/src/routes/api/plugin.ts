import type { FastifyInstance } from 'fastify'
import { identifyVisitors } from '../../auth/plugin.ts'
import { compressAnswers } from '../../http/compression.ts'
import { allowOtherSites } from '../../http/cross-origin.ts'
import { weakEtags } from '../../http/etag.ts'
import { BulkAnswers } from '../../http/ndjson.ts'
import { answerUnknownAddresses, answerWithProblems } from '../../http/problems.ts'
import { limitRates } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import type { Streams } from '../dashboard/live/stream.ts'
import { acknowledgements } from './acknowledgements.ts'
import { artifacts } from './artifacts.ts'
import { bisections } from './bisections.ts'
import { builds } from './builds.ts'
import { cells } from './cells.ts'
import { comparisons } from './comparisons.ts'
import { deliveries } from './deliveries.ts'
import { events } from './events.ts'
import { failures } from './failures.ts'
import { hosts } from './hosts.ts'
import { jobs } from './jobs.ts'
import { acceptJsonOnly, bodyBytesMax } from './json-only.ts'
import { refuseLargeIds } from './large-ids.ts'
import { logLines } from './log-lines.ts'
import { logs } from './logs.ts'
import { matrix } from './matrix.ts'
import { matrixParts } from './matrix-parts.ts'
import { notifications } from './notifications.ts'
import { projects } from './projects.ts'
import { pullRequests } from './pull-requests.ts'
import { queue } from './queue.ts'
import { reference } from './reference.ts'
import { repositories } from './repositories.ts'
import { retention } from './retention.ts'
import { retries } from './retries.ts'
import { schedules } from './schedules.ts'
import { statuses } from './statuses.ts'
import { tests } from './tests.ts'
import { tokens } from './tokens.ts'
import { tries } from './tries.ts'

/** The API for programs: docs/api.md. Reading is public. */
export const apiPlugin = (services: Services, streams: Streams) => async (app: FastifyInstance) => {
  await app.register(
    async api => {
      allowOtherSites(api, services.config)
      answerWithProblems(api, services, bodyBytesMax)
      await limitRates(api, 'api')
      answerUnknownAddresses(api)
      identifyVisitors(api)
      acceptJsonOnly(api)
      await api.register(versionOne(services, streams), { prefix: '/v1' })
    },
    { prefix: '/api' },
  )
}

const versionOne = (services: Services, streams: Streams) => async (app: FastifyInstance) => {
  await reference(app, services)
  weakEtags(app)
  compressAnswers(app)
  refuseLargeIds(app)
  const bulk = new BulkAnswers()
  for (const routes of [
    projects,
    builds,
    jobs,
    retries,
    retention,
    logs,
    logLines,
    artifacts,
    hosts,
    matrix,
    matrixParts,
    cells,
    failures,
    comparisons,
    queue,
    acknowledgements,
    bisections,
    pullRequests,
    repositories,
    schedules,
    statuses,
    notifications,
    deliveries,
    tests,
    tokens,
    tries,
  ])
    await app.register(routes(services, bulk))
  await app.register(events(services, streams))
}
