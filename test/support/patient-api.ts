import { setTimeout as sleep } from 'node:timers/promises'
import { farmClient } from '../../packages/client/src/index.ts'
import { patienceMs } from './waiting.ts'

/** The API with an administrator's token, for tests. A test gives the type of the answer, and needs no schema. */
export interface Api {
  url: string
  get: <T>(path: string) => Promise<T>
  post: <T>(path: string, body?: object) => Promise<T>
  delete: (path: string) => Promise<void>
}

/** An error of the API is a `Refusal`, as in packages/client. */
export function testApi(url: string, token: string): Api {
  const client = farmClient({ url, token, fetch: patient })
  const headers = { 'content-type': 'application/json' }
  return {
    url,
    get: async <T>(path: string) => (await (await client.fetch(path)).json()) as T,
    post: async <T>(path: string, body: object = {}) => {
      const answer = await client.fetch(path, { method: 'POST', body: JSON.stringify(body), headers })
      return (await answer.json()) as T
    },
    delete: async path => void (await client.fetch(path, { method: 'DELETE' })),
  }
}

/** Repeats a request after a 503 or 429. Under load, a database that needs seconds for a query leads to both. */
export async function patient(request: Request): Promise<Response> {
  for (const until = Date.now() + patienceMs; ; await sleep(500)) {
    const answer = await fetch(request.clone())
    if (![429, 503].includes(answer.status) || Date.now() > until) return answer
  }
}

/** The text of a page. Repeats the request after a 503 or 429. */
export const pageText = async (url: string): Promise<string> => (await patient(new Request(url))).text()
