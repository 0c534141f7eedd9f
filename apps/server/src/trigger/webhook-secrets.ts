import type { ForgeKind } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Config } from '../config.ts'

/** A secret that can sign deliveries. */
export interface WebhookSecret {
  value: string
  /** The projects that name it in farm.yaml. */
  projects: string[]
  /** Whether it is a secret of the whole farm, for the projects without own secrets. */
  farmWide: boolean
}

type SecretConfig = Pick<Config, 'secrets' | 'namedSecrets'>

/** All live secrets for a forge, each value once. */
export function secretsFor(
  kind: ForgeKind,
  { secrets, namedSecrets }: SecretConfig,
  projects: Iterable<ProjectConfig>,
): WebhookSecret[] {
  const found = new Map<string, WebhookSecret>()
  const at = (value: string) => {
    const known = found.get(value) ?? { value, projects: [], farmWide: false }
    found.set(value, known)
    return known
  }
  for (const value of farmWideSecrets(kind, secrets)) at(value).farmWide = true
  for (const { name, webhookSecrets = [] } of projects)
    for (const variable of webhookSecrets) {
      const value = namedSecrets.get(variable)
      if (value !== undefined) at(value).projects.push(name)
    }
  return [...found.values()]
}

/** The generic webhook has a secret of its own, because Standard Webhooks needs another form. GitLab can use both. */
export function farmWideSecrets(kind: ForgeKind, secrets: Config['secrets']): readonly string[] {
  const { githubWebhooks, webhooks, sourcehutKeys } = secrets
  switch (kind) {
    case 'generic':
      return webhooks
    case 'sourcehut':
      return sourcehutKeys
    case 'gitlab':
      return [...githubWebhooks, ...webhooks]
    default:
      return githubWebhooks
  }
}

/** The file or variable of the farm-wide secret, for messages. */
export const secretPlace = (kind: ForgeKind): string => {
  switch (kind) {
    case 'generic':
      return 'the secret is in data/secrets/webhook'
    case 'sourcehut':
      return 'the public key of sourcehut is in SOURCEHUT_WEBHOOK_KEYS'
    default:
      return 'the secret is in data/secrets/github-webhook'
  }
}

/** Where the person who sets up a forge finds the secret of a project. */
export const secretWords = (kind: ForgeKind, { webhookSecrets }: Pick<ProjectConfig, 'webhookSecrets'>): string =>
  webhookSecrets === undefined
    ? `the text in data/secrets/${kind === 'generic' ? 'webhook' : 'github-webhook'}`
    : `the value of ${webhookSecrets.map(name => `$${name}`).join(' or ')} on the server`

/** The `scope` of a delivery that this secret signed: names with commas, and `*` for the projects without own secrets. */
export const scopeOf = ({ projects, farmWide }: WebhookSecret): string =>
  projects.length === 0 ? '' : [...(farmWide ? ['*'] : []), ...projects.toSorted()].join(',')

/** All secrets that the farm must never store or show. */
export const hiddenSecrets = ({ secrets, namedSecrets }: SecretConfig): string[] => [
  ...secrets.githubWebhooks,
  ...secrets.webhooks,
  ...namedSecrets.values(),
]
