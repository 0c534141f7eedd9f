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

const descriptionMax = 255

const giteaLike = (title: string): Forge => ({
  title,
  headers: token => ({ authorization: `token ${token}` }),
  request: (repository, { commit, context, state, description, url }) => ({
    path: `/repos/${pathOf(repository)}/statuses/${commit}`,
    body: {
      state: states[state],
      context,
      description: cut(description, descriptionMax),
      ...(url === null ? {} : { target_url: url }),
    },
  }),
})

/** Gitea: https://docs.gitea.com/api/#tag/repository/operation/repoCreateStatus */
export const gitea = giteaLike('Gitea')
/** Forgejo has the API of Gitea. */
export const forgejo = giteaLike('Forgejo')
