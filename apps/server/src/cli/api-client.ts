import { setTimeout as sleep } from 'node:timers/promises'
import { newAdminToken } from '../auth/admin-token.ts'

/** What the API said no to, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** Nothing answers at the farm's address. */
export class Unreachable extends Error {}

export interface Api {
  url: string
  get: <T>(path: string) => Promise<T>
  post: <T>(path: string, body?: object) => Promise<T>
  delete: (path: string) => Promise<void>
  text: (path: string, headers?: Record<string, string>) => Promise<string>
}

interface Problem {
  title?: string
  detail?: string
}

const refusalOf = async (response: Response): Promise<Refusal> => {
  const problem = (await response.json().catch(() => ({}))) as Problem
  const words = problem.detail ?? problem.title ?? response.statusText
  return new Refusal(response.status, words)
}

const refusedToken = (from: string): string =>
  `the farm refuses the token of ${from}: it was revoked, or is another farm's. If it was revoked, ${newAdminToken(from)}`

const reach = async (request: Request): Promise<Response> => {
  try {
    return await fetch(request)
  } catch (error) {
    const cause = (error as Error).cause as { code?: string; message?: string } | undefined
    const why = cause?.code ?? cause?.message ?? (error as Error).message
    throw new Unreachable(`no farm answers at ${new URL(request.url).origin} (${why}); start it with: npm start`)
  }
}

/** The results API as its own command line uses it; `tokenFrom`: for an operator whose token is refused. */
export const apiClient = (url: string, token: string, tokenFrom?: string): Api => {
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(init.headers as object),
    }
    const response = await reach(new Request(`${url}${path}`, { ...init, headers }))
    if (response.status === 401 && tokenFrom) throw new Refusal(401, refusedToken(tokenFrom))
    if (!response.ok) throw await refusalOf(response)
    return response
  }
  return {
    url,
    get: async <T>(path: string) => (await (await ask(path)).json()) as T,
    post: async <T>(path: string, body: object = {}) => {
      const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      return (await (await ask(path, init)).json()) as T
    },
    delete: async path => {
      await ask(path, { method: 'DELETE' })
    },
    text: async (path, headers = {}) => (await ask(path, { headers: { accept: '*/*', ...headers } })).text(),
  }
}

/** Asks again while nothing answers, or the farm is only starting, until `ended`. A change is never sent twice. */
export const patient = (api: Api, ended: AbortSignal): Api => ({
  ...api,
  get: async <T>(path: string): Promise<T> => {
    for (;;) {
      try {
        return await api.get<T>(path)
      } catch (error) {
        const away = error instanceof Unreachable || (error instanceof Refusal && error.status === 503)
        if (!away || ended.aborted) throw error
        await sleep(500, undefined, { signal: ended }).catch(() => {})
      }
    }
  },
})

/** Where the farm with this configuration answers on its own machine. */
export const localUrl = (host: string, port: number): string => {
  const everywhere = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${everywhere.includes(':') ? `[${everywhere}]` : everywhere}:${port}`
}
