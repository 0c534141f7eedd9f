import swagger from '@fastify/swagger'
import { api } from '@rumpfarm/contracts'
import type { FastifyInstance } from 'fastify'
import type { Services } from '../../services.ts'
import { referencePage } from './reference-page.tsx'

const description = `What the farm knows, for programs. Reading is public; changing something takes a token:
\`Authorization: Bearer TOKEN\`. docs/api.md has examples for curl, and what every problem means.`

const answers = [
  api.Alert,
  api.BuildSummary,
  api.BuildSummaryPage,
  api.Build,
  api.Cancelled,
  api.Host,
  api.HostPage,
  api.Invitation,
  api.Job,
  api.JobSummary,
  api.JobSummaryPage,
  api.LoginLink,
  api.Matrix,
  api.Problem,
  api.Project,
  api.ProjectPage,
  api.Retried,
  api.Source,
  api.Token,
  api.TokenPage,
  api.TokenView,
  api.TriggeredBuild,
]

/** The OpenAPI document, written from the schemas that the routes obey, and its pages for people. */
export async function reference(app: FastifyInstance, { config }: Pick<Services, 'config'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Rumpfarm', version: '1', description },
      servers: [{ url: config.publicUrl ?? '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    // The schemas' own names rather than def-0, def-1 …
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `def-${index}`) },
  })
  for (const schema of answers) app.addSchema(schema)
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  referencePage(app)
}
