import { api } from '@rumpfarm/contracts'
import { requireAdmin } from '../../auth/plugin.ts'
import type { Services } from '../../services.ts'
import { previewOf } from '../runs/expiry-preview.ts'
import { checkProject } from './find.ts'
import { type ApiInstance, forAdmins, refusalsFor } from './routes.ts'

export const retention =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/projects/:name/retention',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['projects'],
          operationId: 'previewRetention',
          summary: 'Logs, artifacts and builds of a project that would expire now; changes nothing',
          description:
            'Uses `keep` of farm.yaml, or the values of the query, which have the format of farm.yaml. An answer is about at most 500 builds: the oldest ones, or those after the build `after`.',
          security: forAdmins,
          params: api.NameParam,
          querystring: api.RetentionQuery,
          response: { 200: api.ref(api.ExpiryPreview), ...refusalsFor('unknown-project') },
        },
      },
      async request => {
        const { name } = request.params
        await checkProject(farm, name)
        return previewOf(farm, name, request.query)
      },
    )
  }
