import { createHash } from 'node:crypto'
import { cut, type StatusState } from '@rumpfarm/contracts'
import { type CommitStatus, type Forge, pathOf } from './status.ts'

const cloudStates: Record<StatusState, string> = {
  pending: 'INPROGRESS',
  running: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  cancelled: 'STOPPED',
}

const dataCenterStates: Record<StatusState, string> = { ...cloudStates, cancelled: 'CANCELLED' }

/** Bitbucket rejects a longer key, and keeps one status for each commit and key. */
const keyMax = 40
const textMax = 255

const keyOf = (context: string): string =>
  context.length <= keyMax ? context : createHash('sha256').update(context).digest('hex').slice(0, keyMax)

const bodyOf = ({ context, description, url }: CommitStatus) => ({
  key: keyOf(context),
  name: cut(context, textMax),
  description: cut(description, textMax),
  url,
})

const missing = ({ url }: CommitStatus): string | undefined =>
  url === null ? 'Bitbucket needs the address of the build: set PUBLIC_URL' : undefined

/** A token is a bearer token. `user:password` is for HTTP Basic, such as an e-mail address with an API token. */
const headers = (token: string): Record<string, string> => ({
  authorization: token.includes(':') ? `Basic ${Buffer.from(token).toString('base64')}` : `Bearer ${token}`,
})

/** Bitbucket Cloud: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/ */
export const bitbucket: Forge = {
  title: 'Bitbucket',
  headers,
  missing,
  request: (repository, status) => ({
    path: `/repositories/${pathOf(repository)}/commit/${status.commit}/statuses/build`,
    body: {
      ...bodyOf(status),
      state: cloudStates[status.state],
      ...(status.branch === null ? {} : { refname: status.branch }),
    },
  }),
}

/** Bitbucket Data Center: https://developer.atlassian.com/server/bitbucket/rest/ (Builds and Deployments) */
export const bitbucketDataCenter: Forge = {
  title: 'Bitbucket Data Center',
  headers,
  missing,
  request: (repository, status) => {
    const [project = '', name = ''] = repository.split('/').map(encodeURIComponent)
    return {
      path: `/api/latest/projects/${project}/repos/${name}/commits/${status.commit}/builds`,
      body: {
        ...bodyOf(status),
        state: dataCenterStates[status.state],
        ...(status.branch === null ? {} : { ref: `refs/heads/${status.branch}` }),
      },
    }
  },
}
