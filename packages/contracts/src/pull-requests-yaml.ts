// The key `pull-requests` of a project in farm.yaml.
import Type, { type Static } from 'typebox'
import { yamlList, yamlText } from './yaml-schema.ts'

/** What the farm does with a pull request whose code comes from somebody who cannot push to the repository. */
export const forkRules = ['approve', 'never', 'always'] as const
export type ForkRule = (typeof forkRules)[number]

/** What the farm builds: the pull request merged into its base branch, or only its newest commit. */
export const mergeRules = ['merge', 'head'] as const
export type MergeRule = (typeof mergeRules)[number]

const hostPattern = yamlText('^[^\\x00-\\x1f\\x7f]{1,500}$', "a pattern such as '*'")

export const WrittenPullRequests = Type.Object(
  {
    'from-forks': Type.Optional(yamlText(`^(${forkRules.join('|')})$`, `one of ${forkRules.join(', ')}`)),
    hosts: Type.Optional(yamlList(hostPattern, 100, "a list of patterns such as ['*']", 1)),
    build: Type.Optional(yamlText(`^(${mergeRules.join('|')})$`, `one of ${mergeRules.join(', ')}`)),
  },
  {
    additionalProperties: false,
    description: 'a map with from-forks, hosts or build, such as {from-forks: approve}',
  },
)
export type WrittenPullRequests = Static<typeof WrittenPullRequests>

export const ProjectPullRequests = Type.Object({
  fromForks: Type.Unsafe<ForkRule>(Type.String({ enum: [...forkRules] })),
  /** Patterns of the hosts that build pull requests. */
  hosts: Type.Array(Type.String()),
  build: Type.Unsafe<MergeRule>(Type.String({ enum: [...mergeRules] })),
})
export type ProjectPullRequests = Static<typeof ProjectPullRequests>
