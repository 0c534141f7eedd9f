import type { ForgeName } from '@rumpfarm/contracts'
import { type Guard, makeGuard } from '../../notifiers/guard.ts'
import { bitbucket, bitbucketDataCenter } from './bitbucket.ts'
import { callForge, connectionProblem, type ForgeAnswer } from './call.ts'
import { forgejo, gitea } from './gitea.ts'
import { github } from './github.ts'
import { installationTokens } from './github-app.ts'
import { gitlab } from './gitlab.ts'
import { limitedSeconds } from './rate-limit.ts'
import type { CommitStatus, Forge, StatusOutcome, StatusTarget } from './status.ts'

const forges: Record<ForgeName, Forge> = {
  github,
  gitlab,
  gitea,
  forgejo,
  bitbucket,
  'bitbucket-data-center': bitbucketDataCenter,
}

export interface StatusSender {
  /** Sends one status. Every failure is a value. */
  send(target: StatusTarget, status: CommitStatus): Promise<StatusOutcome>
}

interface Options {
  /** Whether a forge may have a private address. */
  allowPrivate: boolean
  now?: () => Date
}

export function statusSender({ allowPrivate, now = () => new Date() }: Options): StatusSender {
  const guard: Guard = makeGuard({ allowPrivate })
  const tokens = installationTokens(guard, now)

  async function post(target: StatusTarget, status: CommitStatus, again = false): Promise<StatusOutcome> {
    const forge = forges[target.forge]
    const { path, body } = forge.request(target.repository, status)
    const token = await tokenOf(target)
    if (token.kind === 'refused') return refusal(forge, token.answer, token.what, now())
    const url = target.api + path
    const answer = await callForge(guard, { method: 'POST', url, headers: forge.headers(token.token), body })
    if (isSuccess(answer.status) || forge.isDone?.(status, answer)) return { kind: 'sent' }
    if (answer.status === 401 && 'app' in target.access && !again) {
      tokens.forget({ ...target, app: target.access.app })
      return post(target, status, true)
    }
    return refusal(forge, answer, wordsOf(answer.status, target.repository, status.commit), now())
  }

  async function tokenOf(target: StatusTarget) {
    if ('token' in target.access) return { kind: 'token' as const, token: target.access.token }
    return tokens.get({ api: target.api, repository: target.repository, app: target.access.app })
  }

  return {
    async send(target, status) {
      const { title, missing } = forges[target.forge]
      const lacking = missing?.(status)
      if (lacking !== undefined) return { kind: 'failed', problem: lacking, permanent: true }
      try {
        return withoutSecret(await post(target, status), target)
      } catch (error) {
        return thrown(title, error as Error)
      }
    },
  }
}

/** A proxy in front of a forge may repeat the request in its message. */
function withoutSecret(outcome: StatusOutcome, { access }: StatusTarget): StatusOutcome {
  if (outcome.kind === 'sent' || !('token' in access) || access.token === '') return outcome
  return { ...outcome, problem: outcome.problem.replaceAll(access.token, '***') }
}

const isSuccess = (status: number) => status >= 200 && status < 300

function thrown(title: string, error: Error): StatusOutcome {
  const { code } = error as NodeJS.ErrnoException
  if (code?.startsWith('ERR_OSSL') || code === 'ERR_CRYPTO_SIGN_KEY_REQUIRED')
    return { kind: 'failed', problem: 'the private key of the GitHub App is not a key in PEM', permanent: true }
  return { kind: 'failed', problem: `${title}: ${connectionProblem(error)}`, permanent: false }
}

function refusal({ title }: Forge, answer: ForgeAnswer, what: string, now: Date): StatusOutcome {
  const { status, message } = answer
  const said = message === '' ? `status ${status}` : `${status}: ${message}`
  const seconds = limitedSeconds(answer, now)
  if (seconds !== undefined) {
    const problem = `${title} accepts no request for ${seconds} s because of its rate limit (${said})`
    return { kind: 'failed', problem, permanent: false, limitedSeconds: seconds }
  }
  return { kind: 'failed', problem: `${title}: ${what} (${said})`, permanent: isPermanent(status) }
}

/** Other answers with 4xx, and all redirects to another site, stay the same until a person changes something. */
const temporary = [408, 409, 423, 425, 429]
const isPermanent = (status: number): boolean => status < 500 && !temporary.includes(status)

function wordsOf(status: number, repository: string, commit: string): string {
  if (status === 401) return 'the token is not valid'
  if (status === 403) return `the token may not set the status of a commit in ${repository}`
  if (status === 404)
    return `there is no repository ${repository} or no commit ${commit.slice(0, 10)}, or the token cannot see it`
  if (status >= 300 && status < 400) return 'the address of the API redirects to another site'
  if (status >= 500) return 'the forge has an error'
  return 'the forge does not accept the status'
}
