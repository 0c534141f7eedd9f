import swagger from '@fastify/swagger'
import { api } from '@rumpfarm/contracts'
import type { FastifyInstance } from 'fastify'
import type { Services } from '../../services.ts'
import { completeDocument } from './operations.ts'
import { referencePage } from './reference-page.tsx'

const description = `The API of the farm. Reading is public. Changes need a token: \`Authorization: Bearer TOKEN\`.
docs/api.md has examples for curl, and explains every kind of problem.`

const answers = [
  api.Acknowledgement,
  api.Acknowledgements,
  api.Alert,
  api.Bisection,
  api.BisectionPrice,
  api.BisectionSummary,
  api.BisectionSummaryPage,
  api.BranchCell,
  api.BranchCellPage,
  api.BranchCommit,
  api.BranchCommitPage,
  api.BuildChanges,
  api.BuildFailures,
  api.BuildSummary,
  api.BuildSummaryPage,
  api.Build,
  api.BuildTraits,
  api.Cancelled,
  api.Cell,
  api.CellKey,
  api.CellSummary,
  api.CommitTable,
  api.CommitStatus,
  api.CommitStatuses,
  api.Comparison,
  api.ExpiryPreview,
  api.Host,
  api.HostPage,
  api.Invitation,
  api.Job,
  api.JobExpectation,
  api.JobFailure,
  api.JobSummary,
  api.JobSummaryPage,
  api.LastGoodCell,
  api.LastGoodCellPage,
  api.LogLine,
  api.LogLines,
  api.LogMatches,
  api.LoginLink,
  api.Matrix,
  api.MatrixBox,
  api.MatrixNews,
  api.Delivery,
  api.DeliveryDetails,
  api.DeliveryPage,
  api.DeliveryResult,
  api.ReplayedDelivery,
  api.WebhookTest,
  api.Notification,
  api.NotificationChannel,
  api.NotificationChannels,
  api.NotificationPage,
  api.PolledRepositories,
  api.PolledRepository,
  api.Problem,
  api.Project,
  api.ProjectPage,
  api.PullRequest,
  api.PullRequestCommit,
  api.PullRequestSummary,
  api.PullRequestSummaryPage,
  api.Queue,
  api.QueuedJob,
  api.BuildTests,
  api.JobTests,
  api.ProjectTests,
  api.TestHistory,
  api.TestName,
  api.TestResult,
  api.Retried,
  api.Retries,
  api.RetriedStatuses,
  api.Schedule,
  api.Schedules,
  api.SentNotification,
  api.Source,
  api.Token,
  api.TokenPage,
  api.TokenView,
  api.TriggeredBuild,
  api.Try,
]

/** Adds the OpenAPI document, which comes from the schemas of the routes, and the API reference page. */
export async function reference(app: FastifyInstance, { config }: Pick<Services, 'config'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rumpfarm',
        version: '1',
        description,
        contact: { name: 'The administrators of this farm' },
        license: { name: 'BSD-2-Clause', identifier: 'BSD-2-Clause' },
      },
      servers: [{ url: config.publicUrl ?? '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transformObject: completeDocument,
    // The document uses the names of the schemas instead of def-0, def-1 …
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `def-${index}`) },
  })
  for (const schema of answers) app.addSchema(schema)
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  referencePage(app)
}
