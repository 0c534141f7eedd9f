// The keys of farm.yaml that decide whether a push builds a project, and who may report a push.
import { yamlList, yamlSecretName, yamlText } from './yaml-schema.ts'

export const WebhookSecrets = yamlList(
  yamlSecretName('WEBHOOK_', 'WEBHOOK_SAMPLE'),
  4,
  'a list of one to four variables, such as [$WEBHOOK_SAMPLE]',
  1,
)

export const ChangedPaths = yamlList(
  yamlText(
    '^(?![/!])[^\\x00-\\x1f\\x7f]{1,500}$',
    "a path or pattern inside the repository, such as 'lib/**', not beginning with / or !",
  ),
  100,
  "a list of paths or patterns such as ['lib/**']",
  1,
)

export const SourceTrigger = yamlText('^(true|false)$', 'true or false')
