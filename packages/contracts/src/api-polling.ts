import Type from 'typebox'
import { list, maybeMoment, maybeText, ref } from './api-formats.ts'

export const PolledRepository = Type.Object(
  {
    repository: Type.String({ description: 'Address of the repository, without secrets' }),
    source: maybeText("Name of the project's source; null: the project's own repository"),
    everySeconds: Type.Union([Type.Integer({ minimum: 30 }), Type.Null()], {
      description: 'How often the farm looks; null: only when a server starts',
    }),
    lookedAt: maybeMoment('When the farm last looked without a problem; null: never'),
    nextAt: maybeMoment('When the farm looks next; null: when a server starts'),
    problem: maybeText('Why the newest look failed; null: it did not'),
    failingSince: maybeMoment(
      'When the first look of the present series of failures was; null: the newest did not fail',
    ),
  },
  { $id: 'PolledRepository', description: 'A repository at whose branches the farm looks' },
)
export const PolledRepositories = Type.Object(
  { items: list(ref(PolledRepository), "The project's own repository first, then its sources; at most nine") },
  { $id: 'PolledRepositories' },
)
