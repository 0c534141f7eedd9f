import Type, { type Static } from 'typebox'
import { oneOf } from './api-formats.ts'
import { attemptStates, verdicts } from './attempts.ts'

/** What the results API is asked. Unknown members are refused: a misspelt one would else be obeyed by silence. */
const strict = { additionalProperties: false } as const

const name = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
  description: '1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit',
})

export const TriggerBuild = Type.Object(
  {
    ref: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          "A branch, a tag, or a commit, full or abbreviated. Absent: the newest commit of the project's first branch",
      }),
    ),
    again: Type.Optional(
      Type.Boolean({
        description:
          'true: make a new build also where this commit was built with the same recipe. Absent or false: that build is the answer',
      }),
    ),
  },
  strict,
)
export type TriggerBuild = Static<typeof TriggerBuild>

export const InviteHost = Type.Object({ name }, strict)
export const SetAlert = Type.Object(
  { url: Type.String({ minLength: 1, maxLength: 1000, description: 'Where to POST: http or https' }) },
  strict,
)
export const CreateToken = Type.Object(
  { name, scope: Type.Optional(oneOf(['admin', 'trigger'], 'trigger may only ask for builds; the default')) },
  strict,
)
/** For requests that need no body: none, or {}. */
export const Nothing = Type.Optional(Type.Object({}, strict))

export const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) })
/** One that is larger than any id is not malformed: the farm does not know it. */
const id = (description: string) => Type.Integer({ minimum: 1, description })
export const IdParam = Type.Object({ id: id('The number') })
const number = id('The attempt')
export const AttemptParam = Type.Object({ id: id('The job'), number })
const artifact = Type.String({ maxLength: 400, description: 'Its name; a / in it may be written as it is, or as %2F' })
export const ArtifactParam = Type.Object({ id: id('The job'), name: artifact })
export const AttemptArtifactParam = Type.Object({ id: id('The job'), number, name: artifact })

const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items of a page' })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: 'From `next` of the page before' })),
}
const filterWord = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }))

export const Paging = Type.Object(paging, strict)
export const BuildFilter = Type.Object({ ...paging, project: filterWord }, strict)
export const JobFilter = Type.Object(
  {
    ...paging,
    project: filterWord,
    host: filterWord,
    arch: filterWord,
    variant: filterWord,
    build: Type.Optional(id('Only of this build')),
    status: Type.Optional(oneOf(['active', ...attemptStates, ...verdicts], 'A state, a verdict, or active: not ended')),
  },
  strict,
)
const branchWord = Type.Optional(Type.String({ maxLength: 255, description: "Without it: each project's main branch" }))

export const matrixFormats = ['json', 'text', 'csv'] as const
export const MatrixFilter = Type.Object(
  {
    project: filterWord,
    branch: branchWord,
    format: Type.Optional(oneOf(matrixFormats, 'Wins over the header Accept')),
  },
  strict,
)

/** Not checked beyond their kind: a Range that says nothing is ignored, as RFC 9110 wants it. */
export const RangeHeaders = Type.Object({
  range: Type.Optional(Type.String({ description: 'bytes=0-999, bytes=1000- or bytes=-1000' })),
  'if-range': Type.Optional(Type.String()),
  'if-none-match': Type.Optional(Type.String()),
})
