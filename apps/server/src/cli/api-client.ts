import { setTimeout as sleep } from 'node:timers/promises'
import { newAdminToken } from '../auth/admin-token.ts'

/** Thrown if the API refuses a request. The message comes from the API. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** Thrown if no server answers at the farm's address. */
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
  return new Refusal(response.status, problem.detail ?? problem.title ?? response.statusText)
}

const refusedToken = (from: string): string =>
  `the farm refuses the token of ${from}: it was revoked, or it belongs to another farm. If it was revoked, ${newAdminToken(from)}`

/** Returns the reason why `fetch` failed. */
export const causeOf = (error: Error): string => {
  const cause = error.cause as { code?: string; message?: string } | undefined
  return cause?.code ?? cause?.message ?? error.message
}

const reach = async (request: Request): Promise<Response> => {
  try {
    return await fetch(request)
  } catch (error) {
    throw new Unreachable(
      `no farm answers at ${new URL(request.url).origin} (${causeOf(error as Error)}); start it with: npm start`,
    )
  }
}

/**
 * A client of the API for the farm's own programs. `tokenFrom` is the file or variable that contains the token. If the
 * farm refuses the token, the error message names this file or variable.
 */
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

/**
 * Repeats a read while no server answers or the server is still starting, until `ended` aborts. It does not repeat
 * requests that change something.
 */
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
