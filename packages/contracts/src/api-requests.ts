import Type, { type Static } from 'typebox'
import { bulkFormat, oneOf } from './api-formats.ts'
import { attemptStates, verdicts } from './attempts.ts'

/**
 * The requests of the API. An unknown member is an error, because the farm would otherwise ignore a misspelled member.
 */
const strict = { additionalProperties: false } as const

/** The pattern of the names of new hosts and tokens. */
export const namePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'

const name = Type.String({
  pattern: namePattern,
  description: '1 to 63 characters of A-Z a-z 0-9 . _ -; the first is a letter or digit',
})

const wantedPatterns = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      minItems: 1,
      maxItems: 50,
      description: `Only build for these ${what}: names, or patterns with * and ?. Default: all`,
    }),
  )

export const TriggerBuild = Type.Object(
  {
    ref: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          'Branch, tag, or full or abbreviated commit. Default: the newest commit of the first branch of the project',
      }),
    ),
    again: Type.Optional(
      Type.Boolean({
        description:
          'true: make a new build even if this commit was built with the same recipe. Default: the answer is the existing build',
      }),
    ),
    hosts: wantedPatterns('hosts'),
    arches: wantedPatterns('arches'),
    variants: wantedPatterns('variants'),
  },
  strict,
)
export type TriggerBuild = Static<typeof TriggerBuild>

const cellName = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 255, description }))

export const Acknowledge = Type.Object(
  {
    fingerprint: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{32}$',
        description: 'Fingerprint of the failure, in every cell of the project',
      }),
    ),
    branch: cellName('Branch of the cell. Without a fingerprint, branch, host, arch and variant are required'),
    host: cellName('Host of the cell'),
    arch: cellName('Architecture of the cell'),
    variant: cellName('Variant of the cell'),
    note: Type.String({ minLength: 1, maxLength: 1000, description: 'Why the failure is known' }),
    owner: Type.String({ minLength: 1, maxLength: 100, description: 'Who takes care of the failure' }),
    link: Type.Optional(
      Type.String({ pattern: '^https?://[^\\s]+$', maxLength: 500, description: 'Address of a bug report' }),
    ),
    days: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 365, default: 30, description: 'When the acknowledgement expires' }),
    ),
  },
  strict,
)
export type Acknowledge = Static<typeof Acknowledge>

export const StatusQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many statuses' })) },
  strict,
)

export const InviteHost = Type.Object({ name }, strict)
export const SetAlert = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Address that receives the alerts: http or https for POST requests, or a mail address',
    }),
  },
  strict,
)
export const tokenScopes = ['admin', 'trigger', 'try'] as const
export const CreateToken = Type.Object(
  {
    name,
    scope: Type.Optional(
      oneOf(tokenScopes, 'trigger: may only start builds. try: may only build uploaded trees. Default: trigger'),
    ),
  },
  strict,
)
/** The body of a request without content: nothing, or {}. */
export const Nothing = Type.Optional(Type.Object({}, strict))

export const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) })
/** A number that is too large for an id is valid in a request. The farm finds nothing with this number. */
const id = (description: string) => Type.Integer({ minimum: 1, description })
export const IdParam = Type.Object({ id: id('Number of the job or build') })
const number = id('Number of the attempt')
export const AttemptParam = Type.Object({ id: id('Number of the job'), number })
const artifact = Type.String({
  maxLength: 400,
  description: 'Name of the artifact. A slash in the name can be / or %2F',
})
export const ArtifactParam = Type.Object({ id: id('Number of the job'), name: artifact })
export const AttemptArtifactParam = Type.Object({ id: id('Number of the job'), number, name: artifact })

const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Maximum number of items' })),
  cursor: Type.Optional(
    Type.String({ maxLength: 200, description: 'Start of the page: the cursor in `next` of the previous page' }),
  ),
}
const filterText = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }))

const bulk = { format: bulkFormat() }

export const Paging = Type.Object(paging, strict)
export const ProjectFilter = Type.Object(
  {
    ...paging,
    repository: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1000, description: 'Only projects of the repository with this address' }),
    ),
  },
  strict,
)
export const HostFilter = Type.Object({ ...paging, ...bulk }, strict)
const probes = Type.Optional(
  Type.Boolean({ default: true, description: 'false: without the builds of bisections, which run only probes' }),
)
export const BuildFilter = Type.Object({ ...paging, ...bulk, project: filterText, probes }, strict)
export const JobFilter = Type.Object(
  {
    ...paging,
    ...bulk,
    project: filterText,
    host: filterText,
    arch: filterText,
    variant: filterText,
    build: Type.Optional(id('Only jobs of this build')),
    status: Type.Optional(
      oneOf(['active', ...attemptStates, ...verdicts], 'A state, a verdict, or active: all jobs that have not ended'),
    ),
  },
  strict,
)
export const EventFilter = Type.Object(
  {
    kind: Type.Optional(oneOf(['build', 'job', 'cell'], 'Only events of this kind. cell: also removed cells')),
    project: filterText,
    build: Type.Optional(id('Only this build, its jobs, and cells with a result of it')),
    host: filterText,
    arch: filterText,
    variant: filterText,
    after: Type.Optional(
      Type.String({ maxLength: 100, description: 'Id of an event; it has priority over the header Last-Event-ID' }),
    ),
  },
  strict,
)
export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ maxLength: 100, description: 'Id of the last event that the client received' }),
  ),
})

const branch = Type.Optional(Type.String({ maxLength: 255, description: 'Default: the main branch of each project' }))

export const matrixFormats = ['json', 'text', 'csv'] as const
export const MatrixFilter = Type.Object(
  {
    project: filterText,
    branch: branch,
    host: Type.Optional(
      Type.String({ maxLength: 80, description: 'Part of the name of the host, or a pattern with *' }),
    ),
    os: Type.Optional(Type.String({ maxLength: 80, description: 'Operating system, such as NetBSD' })),
    arch: filterText,
    variant: filterText,
    format: Type.Optional(oneOf(matrixFormats, 'Format of the answer; it has priority over the header Accept')),
  },
  strict,
)

export const BoxParam = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 64 }),
  arch: Type.String({ minLength: 1, maxLength: 64 }),
})
export const BoxFilter = Type.Object({ project: filterText, branch, variant: filterText }, strict)
export const NewsFilter = Type.Object(
  {
    project: filterText,
    branch,
    host: MatrixFilter.properties.host,
    os: MatrixFilter.properties.os,
    arch: filterText,
    variant: filterText,
  },
  strict,
)

/** The schema does not check the format, because the server must ignore a malformed Range (RFC 9110). */
export const RangeHeaders = Type.Object({
  range: Type.Optional(Type.String({ description: 'bytes=0-999, bytes=1000- or bytes=-1000' })),
  'if-range': Type.Optional(Type.String()),
  'if-none-match': Type.Optional(Type.String()),
})

/** The answer has at most this many jobs. */
export const queueLimit = 1000
export const QueueFilter = Type.Object(
  {
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only jobs of this host' })),
    project: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only jobs of this project' })),
  },
  strict,
)
