import { api } from '@rumpfarm/contracts'
import type { Services } from '../../services.ts'
import { checkProject } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

/** The schedules of a project. */
export const schedules =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/projects/:name/schedules',
      {
        schema: {
          tags: ['projects'],
          operationId: 'listSchedules',
          summary: 'Schedules of a project, with the next and the newest run of each',
          description:
            'The rule `at-least-every` is among them. Its next run looks for old results, and may build nothing.',
          params: api.NameParam,
          response: { 200: api.ref(api.Schedules), ...refusalsFor('unknown-project') },
        },
      },
      async ({ params: { name } }) => {
        await checkProject(farm, name)
        return { items: await farm.schedules.list(name) }
      },
    )
  }
