import Type, { type Static } from 'typebox'
import { count, maybeInteger, maybeText, moment } from './api-formats.ts'
import { commit } from './api-matrix.ts'
import { TriggerBuild } from './api-requests.ts'

const strict = { additionalProperties: false } as const
const { hosts, arches, variants } = TriggerBuild.properties

/** The body of a request that begins a try. */
export const CreateTry = Type.Object(
  {
    bytes: Type.Integer({ minimum: 1, description: 'Size of the tar.gz' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the tar.gz' }),
    commit: Type.String({
      pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$',
      description: 'Commit from which the tree differs. The repository of the project may not have it',
    }),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'A line for people' })),
    author: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Name of the person' })),
    hosts,
    arches,
    variants,
  },
  strict,
)
export type CreateTry = Static<typeof CreateTry>

const id = Type.String({ minLength: 1, maxLength: 64, description: 'Id of the try' })
export const TryParam = Type.Object({ id })
export const TryFilesQuery = Type.Object(
  {
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        default: 0,
        description: 'Position of the first byte: how many bytes the farm has',
      }),
    ),
  },
  strict,
)

export const Try = Type.Object(
  {
    id: Type.String(),
    project: Type.String(),
    token: Type.String({ description: 'Name of the token that started the try' }),
    commit,
    bytes: count('Size of the tar.gz'),
    received: count('How many bytes of it the farm has'),
    createdAt: moment('When the try began'),
    expiresAt: moment('When the farm deletes the files, and cancels the jobs that have not ended'),
    buildId: maybeInteger('Number of the build; null: the try has not started'),
    url: maybeText('Address of the page of the build'),
  },
  { $id: 'Try', description: 'An uploaded tree that the farm builds once' },
)
