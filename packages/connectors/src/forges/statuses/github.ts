import { cut, type StatusState } from '@rumpfarm/contracts'
import { type Forge, pathOf } from './status.ts'

const states: Record<StatusState, string> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  cancelled: 'error',
}

/** GitHub rejects a longer description. */
const descriptionMax = 140

export const githubHeaders = (token: string) => ({
  authorization: `Bearer ${token}`,
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
})

/** GitHub: https://docs.github.com/en/rest/commits/statuses */
export const github: Forge = {
  title: 'GitHub',
  headers: githubHeaders,
  request: (repository, { commit, context, state, description, url }) => ({
    path: `/repos/${pathOf(repository)}/statuses/${commit}`,
    body: {
      state: states[state],
      context,
      description: cut(description, descriptionMax),
      ...(url === null ? {} : { target_url: url }),
    },
  }),
}
