// The key `status` of farm.yaml: the forges that show the results of commits.
import Type, { type Static } from 'typebox'
import { yamlSecretName, yamlText } from './yaml-schema.ts'

/** The forges that the farm can send the status of a commit to. */
export const forgeNames = ['github', 'gitlab', 'gitea', 'forgejo', 'bitbucket', 'bitbucket-data-center'] as const
export type ForgeName = (typeof forgeNames)[number]

/** The state of a commit on a forge. Each forge has its own words for these states. */
export type StatusState = 'pending' | 'running' | 'success' | 'failure' | 'error' | 'cancelled'

export const WrittenStatus = Type.Object(
  {
    forge: yamlText(`^(${forgeNames.join('|')})$`, `one of ${forgeNames.join(', ')}`),
    token: Type.Optional(yamlSecretName('STATUS_', 'STATUS_GITHUB')),
    app: Type.Optional(
      Type.Object(
        {
          id: yamlText('^[A-Za-z0-9._-]{1,100}$', "the app's client id or number"),
          installation: Type.Optional(yamlText('^[0-9]{1,20}$', 'the number of the installation')),
          key: yamlSecretName('STATUS_', 'STATUS_APP_KEY'),
        },
        { additionalProperties: false, description: 'a GitHub App: a map with id and key' },
      ),
    ),
    api: Type.Optional(
      yamlText(
        '^https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$',
        'the address of the API, such as https://git.example.org/api/v1, without a slash at the end',
      ),
    ),
    repository: Type.Optional(
      yamlText(
        '^(?!/)(?!.*(^|/)\\.{0,2}(/|$))[A-Za-z0-9._~+/-]{1,300}$',
        'the path of the repository on the forge, such as rumpkernel/buildrump.sh',
      ),
    ),
    'per-cell': Type.Optional(yamlText('^(true|false)$', 'true or false')),
  },
  { additionalProperties: false, description: 'a forge: a map with forge and token' },
)

/** A forge to which the farm sends the status of each built commit. */
export const ProjectStatus = Type.Object({
  forge: Type.Unsafe<ForgeName>(Type.String({ enum: [...forgeNames] })),
  /** The address of the forge's API, without a slash at the end. */
  api: Type.String(),
  /** The path of the repository on the forge. */
  repository: Type.String(),
  /** The name of the variable that holds the token, without `$`. Either this or `app` is set. */
  token: Type.Optional(Type.String()),
  /** A GitHub App. `key` is the name of the variable that holds its private key, without `$`. */
  app: Type.Optional(
    Type.Object({ id: Type.String(), installation: Type.Optional(Type.String()), key: Type.String() }),
  ),
  /** Whether each cell has its own status, in addition to the status of the build. */
  perCell: Type.Boolean(),
})
export type ProjectStatus = Static<typeof ProjectStatus>
