import { cut, type StatusState } from '@rumpfarm/contracts'
import type { Forge } from './status.ts'

const states: Record<StatusState, string> = {
  pending: 'pending',
  running: 'running',
  success: 'success',
  failure: 'failed',
  error: 'failed',
  cancelled: 'canceled',
}

const descriptionMax = 255

/** GitLab: https://docs.gitlab.com/api/commits/#set-commit-pipeline-status */
export const gitlab: Forge = {
  title: 'GitLab',
  headers: token => ({ 'private-token': token }),
  request: (repository, { commit, branch, context, state, description, url }) => ({
    path: `/projects/${encodeURIComponent(repository)}/statuses/${commit}`,
    body: {
      state: states[state],
      name: context,
      description: cut(description, descriptionMax),
      ...(branch === null ? {} : { ref: branch }),
      ...(url === null ? {} : { target_url: url }),
    },
  }),
  // GitLab refuses a change from an unfinished state to the same or an earlier one, such as from running to pending.
  isDone: ({ state }, { status, message }) =>
    status === 400 && (state === 'pending' || state === 'running') && /cannot transition status via/i.test(message),
}
