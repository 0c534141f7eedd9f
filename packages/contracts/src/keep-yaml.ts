// The key `keep` of farm.yaml: how long the farm keeps logs, artifacts and builds.
import Type, { type Static } from 'typebox'
import { yamlText } from './yaml-schema.ts'

export const keepTimePattern = '^([1-9][0-9]{0,4}(d|w|y)|all)$'
const time = (example: string, more = '') =>
  yamlText(
    more === '' ? keepTimePattern : keepTimePattern.replace('all', `all|${more.replaceAll(', ', '|')}`),
    `a time in days, weeks or years, such as ${example} or 2y, or ${more === '' ? '' : `one of ${more}, `}all`,
  )

export const WrittenKeep = Type.Object(
  {
    logs: Type.Optional(time('90d')),
    artifacts: Type.Optional(time('30d')),
    builds: Type.Optional(time('104w')),
    failures: Type.Optional(time('180d', 'same, longer')),
    last: Type.Optional(
      yamlText('^(0|[1-9][0-9]{0,2}|1000)( per cell)?$', 'a number from 0 to 1000, such as 20 per cell'),
    ),
  },
  {
    additionalProperties: false,
    description: 'a map with logs, artifacts, builds, failures or last, such as {logs: 90d, artifacts: 30d}',
  },
)
export type WrittenKeep = Static<typeof WrittenKeep>

const Days = Type.Optional(Type.Integer({ minimum: 1 }))

/** How many days after its end the farm keeps the data of a job. An absent value means that the farm keeps them. */
export const ProjectKeep = Type.Object({
  logsDays: Days,
  artifactsDays: Days,
  /** The same for jobs that failed or timed out. */
  failedLogsDays: Days,
  failedArtifactsDays: Days,
  /** For the whole build with its jobs. No other value is larger. */
  buildsDays: Days,
  /** The newest results of each cell stay. */
  lastPerCell: Type.Integer({ minimum: 0, maximum: 1000 }),
})
export type ProjectKeep = Static<typeof ProjectKeep>

export const keepLastDefault = 20
