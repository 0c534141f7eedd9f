// An HTTP server that works as Gitea 1.15 does for a repository, its hooks and its commit statuses. Its answers and
// deliveries have the form of those that a real one sent (packages/connectors/src/forges/recorded).
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gitEnvironment } from './repository.ts'
import { eventually } from './waiting.ts'

export interface GiteaStatus {
  commit: string
  state: string
  context: string
  target_url: string
  description: string
}

interface Hook {
  id: number
  events: string[]
  config: { url: string; content_type: string; secret: string }
}

interface HookDelivery {
  event: string
  status: number
  answer: string
}

const runProgram = promisify(execFile)

type Answer = { status: number; body?: object }

const environment = { PATH: process.env.PATH ?? '', ...gitEnvironment }
const none = '0'.repeat(40)

export class Gitea {
  readonly token = '3064e6a3bb35015d20a7825b3d9374a0e06ab432'
  readonly repository = 'ada/engine'
  readonly deliveries: HookDelivery[] = []
  readonly statuses: GiteaStatus[] = []
  readonly #hooks: Hook[] = []
  readonly #root: string
  readonly #server: Server

  private constructor(root: string) {
    this.#root = root
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async open(root: string): Promise<Gitea> {
    const forge = new Gitea(root)
    mkdirSync(dirname(forge.directory), { recursive: true })
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', forge.directory], { env: environment })
    forge.#git('config', 'http.receivepack', 'true')
    await new Promise<void>(resolve => forge.#server.listen(0, '127.0.0.1', resolve))
    return forge
  }

  get directory(): string {
    return join(this.#root, `${this.repository}.git`)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get api(): string {
    return `${this.url}/api/v1`
  }

  get cloneUrl(): string {
    return `${this.url}/${this.repository}.git`
  }

  /** Sends a request to the API of this server, as its owner. */
  async ask(path: string, body?: object): Promise<Response> {
    const headers = { authorization: `token ${this.token}`, 'content-type': 'application/json' }
    return fetch(`${this.api}/repos/${this.repository}${path}`, {
      method: 'POST',
      headers,
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Pushes from a clone. This process answers git meanwhile, so it must not wait for git in a synchronous call. */
  async push(clone: string, ...refs: string[]): Promise<void> {
    await runProgram('git', ['push', '--quiet', this.cloneUrl, ...refs], { cwd: clone, env: environment })
  }

  /** Waits for the status of a commit with this state. */
  shown(commit: string, state: string): Promise<GiteaStatus> {
    return eventually(`${state} on the forge`, async () =>
      this.statuses.find(status => status.commit === commit && status.state === state),
    )
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #git(...args: string[]): string {
    return execFileSync('git', ['-C', this.directory, ...args], { env: environment, encoding: 'utf8' }).trim()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const { pathname, search } = new URL(request.url ?? '/', this.url)
    if (!pathname.startsWith('/api/')) return this.#serveGit(request, response, body, { pathname, search })
    const isOwner = request.headers.authorization === `token ${this.token}`
    const answer = isOwner
      ? await this.#answer(pathname.replace(`/api/v1/repos/${this.repository}`, ''), body)
      : { status: 401, body: { message: 'token is required' } }
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(answer.body && JSON.stringify(answer.body))
  }

  /** https://docs.gitea.com/api: repoCreateHook, repoTestHook, repoCreateStatus. */
  async #answer(path: string, body: Buffer): Promise<Answer> {
    const sent = body.length === 0 ? {} : JSON.parse(body.toString())
    if (path === '/hooks') {
      const hook = { id: this.#hooks.length + 1, events: sent.events, config: sent.config }
      if (sent.type !== 'gitea' || !URL.canParse(hook.config.url))
        return { status: 422, body: { message: 'Invalid hook' } }
      this.#hooks.push(hook)
      return { status: 201, body: { id: hook.id, type: 'gitea', active: true } }
    }
    const tested = this.#hooks.find(({ id }) => path === `/hooks/${id}/tests`)
    if (tested) {
      const tip = this.#git('rev-parse', 'main')
      await this.#deliver(tested, 'push', this.#push('refs/heads/main', tip, tip))
      return { status: 204 }
    }
    const commit = /^\/statuses\/([0-9a-f]{40})$/.exec(path)?.[1]
    if (commit === undefined) return { status: 404, body: { message: "The target couldn't be found." } }
    const { state, context, target_url, description } = sent
    this.statuses.push({ commit, state, context, target_url, description })
    return { status: 201, body: { id: this.statuses.length, status: state, context } }
  }

  /** Serves the repository with git http-backend, and sends the hooks after a push. */
  #serveGit(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    { pathname, search }: { pathname: string; search: string },
  ): void {
    const before = this.#refs()
    const env = {
      ...environment,
      GIT_PROJECT_ROOT: this.#root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'ada',
      REMOTE_ADDR: '127.0.0.1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
    }
    const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
    backend.stdin.end(body)
    void buffer(backend.stdout).then(async output => {
      const end = output.indexOf('\r\n\r\n')
      const lines = output.toString('latin1', 0, end).split('\r\n')
      const headers = Object.fromEntries(lines.map(line => line.split(': ', 2)))
      response.writeHead(Number.parseInt(headers.Status ?? '200', 10), headers).end(output.subarray(end + 4))
      if (pathname.endsWith('/git-receive-pack') && request.method === 'POST') await this.#announce(before)
    })
  }

  #refs(): Map<string, string> {
    const lines = this.#git('for-each-ref', '--format=%(refname) %(objectname)').split('\n').filter(Boolean)
    return new Map(lines.map(line => line.split(' ', 2) as [string, string]))
  }

  async #announce(before: Map<string, string>): Promise<void> {
    const after = this.#refs()
    for (const ref of new Set([...before.keys(), ...after.keys()])) {
      const [old = none, now = none] = [before.get(ref), after.get(ref)]
      if (old === now) continue
      const isDeletedBranch = now === none && ref.startsWith('refs/heads/')
      const event = isDeletedBranch ? 'delete' : 'push'
      const body = isDeletedBranch
        ? { ref: ref.slice('refs/heads/'.length), ref_type: 'branch', repository: this.#description() }
        : this.#push(ref, old, now)
      for (const hook of this.#hooks) if (hook.events.includes(event)) await this.#deliver(hook, event, body)
    }
  }

  #push(ref: string, before: string, after: string) {
    const message = after === none ? '' : this.#git('log', '-1', '--format=%B', after)
    const commits = after === none ? [] : [{ id: after, message, author: { name: 'Ada', email: 'ada@example.org' } }]
    return { ref, before, after, compare_url: '', commits, head_commit: null, repository: this.#description() }
  }

  #description() {
    const html_url = `${this.url}/${this.repository}`
    return { id: 1, full_name: this.repository, html_url, clone_url: this.cloneUrl, default_branch: 'main' }
  }

  async #deliver({ config: { url, secret } }: Hook, event: string, body: object): Promise<void> {
    const payload = JSON.stringify(body, undefined, 2)
    const id = randomUUID()
    const hex = createHmac('sha256', secret).update(payload).digest('hex')
    const headers = {
      'content-type': 'application/json',
      ...{ 'x-github-delivery': id, 'x-github-event': event, 'x-hub-signature-256': `sha256=${hex}` },
      ...{ 'x-gogs-delivery': id, 'x-gogs-event': event, 'x-gogs-signature': hex },
      ...{ 'x-gitea-delivery': id, 'x-gitea-event': event, 'x-gitea-signature': hex },
    }
    const answer = await fetch(url, { method: 'POST', headers, body: payload })
    this.deliveries.push({ event, status: answer.status, answer: await answer.text() })
  }
}
