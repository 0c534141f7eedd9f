import { api } from '@rumpfarm/contracts'
import { requireAdmin } from '../../auth/plugin.ts'
import type { Services } from '../../services.ts'
import { checkProject } from './find.ts'
import { type ApiInstance, forAdmins, refusalsFor } from './routes.ts'

const statusesDefault = 50

/** The statuses of commits that the farm sends to forges. */
export const statuses =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/projects/:name/statuses',
      {
        schema: {
          tags: ['projects'],
          operationId: 'listCommitStatuses',
          summary: 'Commit statuses of a project on its forges, and why a status is not sent',
          description:
            'The list has the statuses that changed last, newest first. It is empty if farm.yaml names no forge.',
          params: api.NameParam,
          querystring: api.StatusQuery,
          response: { 200: api.ref(api.CommitStatuses), ...refusalsFor('unknown-project') },
        },
      },
      async ({ params: { name }, query: { limit = statusesDefault } }) => {
        await checkProject(farm, name)
        return { items: await farm.statuses.list(name, limit) }
      },
    )

    app.post(
      '/projects/:name/statuses/retry',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['projects'],
          operationId: 'retryCommitStatuses',
          summary: 'Send the commit statuses again that the farm gave up, at most the newest 100',
          description:
            'Use it after you have corrected a token or a permission. The farm sends the newest state of each commit.',
          security: forAdmins,
          params: api.NameParam,
          response: { 200: api.ref(api.RetriedStatuses), ...refusalsFor('unknown-project') },
        },
      },
      async ({ params: { name } }) => {
        await checkProject(farm, name)
        return { retried: await farm.statuses.retry(name) }
      },
    )
  }
