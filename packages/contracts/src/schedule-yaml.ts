import Type, { type Static } from 'typebox'
import { durationPattern, yamlDuration, yamlList, yamlText } from './yaml-schema.ts'

const patterns = (example: string) =>
  yamlList(
    yamlText('^[^\\x00-\\x1f\\x7f]{1,500}$', `a pattern such as ${example}`),
    100,
    `a list of patterns such as [${example}]`,
  )

/** An entry of `schedules`. The server checks that the times and the time zone exist. */
export const WrittenSchedule = Type.Object(
  {
    cron: yamlText(
      '^[0-9A-Za-z*,/#-]{1,50}( [0-9A-Za-z*,/#-]{1,50}){4}$',
      "the minute, hour, day, month and day of the week, such as '0 2 * * *'",
    ),
    'time-zone': Type.Optional(yamlText('^[A-Za-z0-9_+/-]{1,64}$', 'a time zone such as Europe/Berlin')),
    branch: Type.Optional(
      yamlText('^(?![-/.])(?!.*(\\.\\.|@\\{|//))[^\\x00-\\x20\\x7f~^:?*[\\\\]{1,200}$', "a branch's name"),
    ),
    variants: Type.Optional(patterns("'*'")),
    hosts: Type.Optional(patterns("'*'")),
    'even-if-unchanged': Type.Optional(yamlText('^(true|false)$', 'true or false')),
  },
  { additionalProperties: false, description: "a schedule: a map with cron, such as {cron: '0 2 * * *'}" },
)
export type WrittenSchedule = Static<typeof WrittenSchedule>

const Schedules = yamlList(WrittenSchedule, 20, "a list of schedules, such as  - cron: '0 2 * * *'")

/** When the farm builds the newest commit of a branch without a push. */
export const ProjectSchedule = Type.Object({
  /** Identifies the schedule: the hash of the other values. */
  key: Type.String(),
  cron: Type.String(),
  timeZone: Type.String(),
  /** Absent: the main branch. */
  branch: Type.Optional(Type.String()),
  /** Patterns. Absent: all. */
  variants: Type.Optional(Type.Array(Type.String())),
  hosts: Type.Optional(Type.Array(Type.String())),
  /** Whether the farm builds a commit again that this schedule has built. Absent means no. */
  evenIfUnchanged: Type.Optional(Type.Boolean()),
})
export type ProjectSchedule = Static<typeof ProjectSchedule>

const poll = yamlText(`^never$|${durationPattern}`, 'never, or a duration with its unit, such as 5m')

/** The keys of a project that say when the farm builds without a webhook. */
export const writtenTimes = {
  poll: Type.Optional(poll),
  schedules: Type.Optional(Schedules),
  'at-least-every': Type.Optional(yamlDuration('7d')),
}

export const projectTimes = {
  /**
   * How often the farm looks at the branches of the repository; 0: never. Absent if it looks only when a server starts.
   */
  pollSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Absent if the project has none. */
  schedules: Type.Optional(Type.Array(ProjectSchedule)),
  /** A cell whose newest result is older gets a build. Absent if the age of a result does not matter. */
  atLeastEverySeconds: Type.Optional(Type.Integer({ minimum: 1 })),
}
