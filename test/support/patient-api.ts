import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, Refusal } from '../../apps/server/src/cli/api-client.ts'
import { patienceMs } from './waiting.ts'

/** Repeats a request after a 503. Under load a server answers 503 if its database needs more than 3 s. */
export const patient = (api: Api): Api => ({
  url: api.url,
  get: path => retried(() => api.get(path)),
  post: (path, body) => retried(() => api.post(path, body)),
  delete: path => retried(() => api.delete(path)),
  text: (path, headers) => retried(() => api.text(path, headers)),
})

async function retried<T>(ask: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + patienceMs; ; ) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 503 || Date.now() > until) throw error
      await sleep(500)
    }
  }
}

/** The text of a page. Repeats the request after a 503. */
export async function pageText(url: string): Promise<string> {
  for (const until = Date.now() + patienceMs; ; ) {
    const answer = await fetch(url)
    if (answer.status !== 503 || Date.now() > until) return answer.text()
    await sleep(500)
  }
}
