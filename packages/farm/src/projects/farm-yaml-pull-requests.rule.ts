import type { ForkRule, MergeRule, ProjectPullRequests, WrittenPullRequests } from '@rumpfarm/contracts'

/** The key `pull-requests` with its defaults: an administrator approves each commit from a fork. */
export const fillInPullRequests = (written: WrittenPullRequests): ProjectPullRequests => ({
  fromForks: (written['from-forks'] as ForkRule | undefined) ?? 'approve',
  hosts: written.hosts ?? ['*'],
  build: (written.build as MergeRule | undefined) ?? 'merge',
})
