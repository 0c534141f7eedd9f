import Type from 'typebox'
import { id, list, maybeText, moment, oneOf, ref } from './api-formats.ts'

const maybeBuild = (description: string) => Type.Union([id('Number of a build'), Type.Null()], { description })

export const Schedule = Type.Object(
  {
    project: Type.String(),
    key: Type.String({ description: 'Identifies the schedule in the project' }),
    name: Type.String({ description: 'nightly, daily, weekly, monthly, the times themselves, or at-least-every' }),
    cron: maybeText('Minute, hour, day, month and day of the week; null: at-least-every'),
    timeZone: maybeText('Time zone of the times; null: at-least-every'),
    branch: maybeText('The branch to build; null: the main branch'),
    evenIfUnchanged: Type.Boolean({ description: 'Whether it builds a commit again that it has built' }),
    nextAt: moment('When it is due next'),
    lastBuildId: maybeBuild('The build that it made last; null: none'),
    last: Type.Union(
      [
        Type.Object({
          dueAt: moment('When the run was due; of several missed runs, the first'),
          state: oneOf(
            ['due', 'built', 'unchanged', 'failed'],
            'unchanged: it had already built the newest commit; failed: the farm gave up after a day',
          ),
          commit: maybeText('The newest commit of the branch; null: not known'),
          buildId: maybeBuild('null: the run made no build'),
          problem: maybeText('Why the newest try failed; null: no try failed'),
        }),
        Type.Null(),
      ],
      { description: 'The newest run; null: none yet' },
    ),
  },
  { $id: 'Schedule', description: 'A schedule of farm.yaml' },
)
export const Schedules = Type.Object(
  { items: list(ref(Schedule), 'The schedule that is due next is first; at most 21') },
  { $id: 'Schedules' },
)
