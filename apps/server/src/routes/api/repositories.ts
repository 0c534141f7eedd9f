import { api } from '@rumpfarm/contracts'
import type { Services } from '../../services.ts'
import { checkProject } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

/** The repositories of a project at whose branches the farm looks. */
export const repositories =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/projects/:name/repositories',
      {
        schema: {
          tags: ['projects'],
          operationId: 'listPolledRepositories',
          summary: 'When the farm looked at the repositories of a project, and why a look failed',
          description:
            'The list is empty if farm.yaml has `poll: never`. docs/polling-and-schedules.md explains when the farm looks.',
          params: api.NameParam,
          response: { 200: api.ref(api.PolledRepositories), ...refusalsFor('unknown-project') },
        },
      },
      async ({ params: { name } }) => {
        await checkProject(farm, name)
        return { items: await farm.polling.list(name) }
      },
    )
  }
