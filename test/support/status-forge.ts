// HTTP servers that answer as the APIs of the forges do for the status of a commit: the same addresses, checks, status
// codes, headers and texts as in the documentation of each forge.
import { createVerify, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from './waiting.ts'

export interface ShownStatus {
  commit: string
  context: string
  state: string
  description: string
  url: string | undefined
}

interface Answer {
  status: number
  headers?: Record<string, string>
  body?: object | string
}

interface Asked {
  method: string
  path: string
  headers: Record<string, string | undefined>
  body: Record<string, string>
}

type Kind = 'github' | 'gitlab' | 'gitea' | 'bitbucket' | 'bitbucket-data-center'

export class StatusForge {
  readonly token = 'ghp_0123456789abcdef'
  readonly repository = 'ada/x'
  /** The accepted statuses, in order. */
  readonly shown: ShownStatus[] = []
  readonly asked: Asked[] = []
  /** The next answers, instead of the usual ones. */
  readonly next: Answer[] = []
  /** A GitHub App of this forge. */
  appKey: KeyObject | undefined
  /** The seconds for which a token of the app is valid. */
  appSeconds = 3600
  installationTokens: string[] = []
  readonly #kind: Kind
  readonly #server: Server

  private constructor(kind: Kind) {
    this.#kind = kind
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async open(kind: Kind): Promise<StatusForge> {
    const forge = new StatusForge(kind)
    await new Promise<void>(resolve => forge.#server.listen(0, '127.0.0.1', resolve))
    return forge
  }

  get api(): string {
    const { port } = this.#server.address() as AddressInfo
    const path = {
      github: '',
      gitlab: '/api/v4',
      gitea: '/api/v1',
      bitbucket: '/2.0',
      'bitbucket-data-center': '/rest',
    }
    return `http://127.0.0.1:${port}${path[this.#kind]}`
  }

  get states(): string[] {
    return this.shown.map(({ state }) => state)
  }

  /** Waits until this many statuses were accepted. */
  async untilShown(count: number): Promise<ShownStatus[]> {
    await eventually(`${count} statuses on the forge`, async () => this.shown.length >= count || undefined)
    return this.shown
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request)
    const asked = {
      method: request.method ?? '',
      path: (request.url ?? '').slice(new URL(this.api).pathname.replace(/\/$/, '').length),
      headers: request.headers as Record<string, string>,
      body: sent === '' ? {} : JSON.parse(sent),
    }
    this.asked.push(asked)
    const { status, headers = {}, body } = this.next.shift() ?? handlers[this.#kind](this, asked)
    const isText = typeof body === 'string'
    response.writeHead(status, {
      'content-type': isText ? 'text/plain' : 'application/json; charset=utf-8',
      ...headers,
    })
    response.end(isText ? body : body && JSON.stringify(body))
  }
}

type Handler = (forge: StatusForge, asked: Asked) => Answer

const message = (status: number, text: string): Answer => ({ status, body: { message: text } })

function accept(forge: StatusForge, status: ShownStatus, answer: Answer): Answer {
  forge.shown.push(status)
  return answer
}

/** https://docs.github.com/en/rest/commits/statuses#create-a-commit-status */
const github: Handler = (forge, { method, path, headers, body }) => {
  const bearer = headers.authorization?.replace(/^Bearer /, '') ?? ''
  const app = githubApp(forge, method, path, bearer)
  if (app) return app
  if (bearer !== forge.token && !forge.installationTokens.includes(bearer)) return message(401, 'Bad credentials')
  const [, repository, commit = ''] = /^\/repos\/([^/]+\/[^/]+)\/statuses\/(.+)$/.exec(path) ?? []
  if (method !== 'POST' || repository !== forge.repository) return message(404, 'Not Found')
  if (!/^[0-9a-f]{40}$/.test(commit) || /^0+$/.test(commit)) return message(422, `No commit found for SHA: ${commit}`)
  const { state = '', context = 'default', description = '', target_url: url } = body
  if (!['error', 'failure', 'pending', 'success'].includes(state) || description.length > 140)
    return { status: 422, body: { message: 'Validation Failed', errors: [{ resource: 'Status', code: 'custom' }] } }
  return accept(forge, { commit, context, state, description, url }, { status: 201, body: { state, context } })
}

/** https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app */
function githubApp(forge: StatusForge, method: string, path: string, bearer: string): Answer | undefined {
  const isInstallation = path === `/repos/${forge.repository}/installation`
  if (!isInstallation && path !== '/app/installations/77/access_tokens') return undefined
  const [head = '', claims = '', signature = ''] = bearer.split('.')
  const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`)
  if (!forge.appKey || !verify.verify(forge.appKey, signature, 'base64url'))
    return message(401, 'A JSON web token could not be decoded')
  const { iat, exp, iss } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  const now = Date.now() / 1000
  if (exp > now + 600) return message(401, "'Expiration time' claim ('exp') is too far in the future")
  if (exp < now || iat > now || iss !== '123') return message(401, 'Integration not found')
  if (isInstallation) return { status: 200, body: { id: 77, app_id: 123 } }
  if (method !== 'POST') return message(404, 'Not Found')
  const token = `ghs_${forge.installationTokens.length + 1}`
  forge.installationTokens.push(token)
  const expires = new Date((Math.floor(now) + forge.appSeconds) * 1000).toISOString().replace('.000', '')
  return { status: 201, body: { token, expires_at: expires, permissions: { statuses: 'write' } } }
}

/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status */
const gitlab: Handler = (forge, { method, path, headers, body }) => {
  if (headers['private-token'] !== forge.token) return message(401, '401 Unauthorized')
  const [, id = '', commit = ''] = /^\/projects\/([^/]+)\/statuses\/([0-9a-f]+)$/.exec(path) ?? []
  if (method !== 'POST' || decodeURIComponent(id) !== forge.repository) return message(404, '404 Project Not Found')
  const { state = '', name: context = 'default', description = '', target_url: url } = body
  const verbs: Record<string, string> = {
    pending: 'enqueue',
    running: 'run',
    success: 'success',
    failed: 'drop',
    canceled: 'cancel',
  }
  if (!verbs[state]) return { status: 400, body: { error: 'state does not have a valid value' } }
  const before = forge.shown.findLast(one => one.commit === commit && one.context === context)?.state
  const refused =
    (state === 'pending' && (before === 'pending' || before === 'running')) ||
    (state === 'running' && before === 'running')
  if (refused) {
    const why = `Status cannot transition via "${verbs[state]}"`
    return message(400, `Cannot transition status via :${verbs[state]} from :${before} (Reason(s): ${why})`)
  }
  return accept(
    forge,
    { commit, context, state, description, url },
    { status: 201, body: { id: 1, sha: commit, status: state } },
  )
}

/** https://docs.gitea.com/api/#tag/repository/operation/repoCreateStatus */
const gitea: Handler = (forge, { method, path, headers, body }) => {
  if (headers.authorization !== `token ${forge.token}`) return message(401, 'invalid username, password or token')
  const [, repository, commit = ''] = /^\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]+)$/.exec(path) ?? []
  if (method !== 'POST' || repository !== forge.repository)
    return { status: 404, body: { errors: null, message: "The target couldn't be found." } }
  const { state = '', context = '', description = '', target_url: url } = body
  return accept(forge, { commit, context, state, description, url }, { status: 201, body: { id: 1, status: state } })
}

const bitbucketError = (status: number, text: string): Answer => ({
  status,
  body: { type: 'error', error: { message: text } },
})

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/ */
const bitbucket: Handler = (forge, { method, path, headers, body }) => {
  if (headers.authorization !== `Bearer ${forge.token}`)
    return bitbucketError(401, 'Token is invalid, expired, or not supported for this endpoint.')
  const [, repository, commit = ''] =
    /^\/repositories\/([^/]+\/[^/]+)\/commit\/([0-9a-f]+)\/statuses\/build$/.exec(path) ?? []
  if (method !== 'POST' || repository !== forge.repository)
    return bitbucketError(404, `Repository ${repository} not found`)
  const { key = '', state = '', description = '', url = '' } = body
  if (key === '' || key.length > 40 || !URL.canParse(url)) return bitbucketError(400, 'key or url is not valid')
  const isNew = !forge.shown.some(one => one.commit === commit && one.context === key)
  return accept(
    forge,
    { commit, context: key, state, description, url },
    { status: isNew ? 201 : 200, body: { key, state } },
  )
}

/** https://developer.atlassian.com/server/bitbucket/rest/ (Builds and Deployments) */
const dataCenter: Handler = (forge, { method, path, headers, body }) => {
  const error = (status: number, text: string): Answer => ({
    status,
    body: { errors: [{ context: null, message: text, exceptionName: null }] },
  })
  if (headers.authorization !== `Bearer ${forge.token}`) return error(401, 'Authentication failed.')
  const [, project, name, commit = ''] =
    /^\/api\/latest\/projects\/([^/]+)\/repos\/([^/]+)\/commits\/([0-9a-f]+)\/builds$/.exec(path) ?? []
  if (method !== 'POST' || `${project}/${name}` !== forge.repository)
    return error(404, `Repository ${name} does not exist.`)
  const { key = '', state = '', description = '', url } = body
  return accept(forge, { commit, context: key, state, description, url }, { status: 204 })
}

const handlers: Record<Kind, Handler> = { github, gitlab, gitea, bitbucket, 'bitbucket-data-center': dataCenter }
