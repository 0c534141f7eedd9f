import { Webhook } from 'standardwebhooks'

export interface Message {
  url: string
  /** `whsec_` and base64. */
  secret: string
  /** The same at every try, so that a receiver knows what it has had. */
  id: string
  body: object
  /** How long the receiver may take in all. */
  seconds?: number
}

export type Delivery =
  | { kind: 'delivered' }
  /** `forGood`: the receiver says that it is gone (410), as Standard Webhooks has it. */
  | { kind: 'failed'; problem: string; forGood: boolean }

/** Posts a message in the form of Standard Webhooks. What the receiver says is not read, and where it points is not followed. */
export async function postWebhook({ url, secret, id, body, seconds = 10 }: Message): Promise<Delivery> {
  const text = JSON.stringify(body)
  const at = new Date()
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'rumpfarm',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, text),
  }
  try {
    const signal = AbortSignal.timeout(seconds * 1000)
    const response = await fetch(url, { method: 'POST', body: text, headers, redirect: 'manual', signal })
    await response.body?.cancel()
    return judge(response.status)
  } catch (error) {
    return { kind: 'failed', problem: wordsOf(error as Error, seconds), forGood: false }
  }
}

function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const redirect = status >= 300 && status < 400 ? ': it points elsewhere, which is not followed' : ''
  return { kind: 'failed', problem: `it answered with status ${status}${redirect}`, forGood: status === 410 }
}

/** Never the address: the path of a hook is often its secret. */
function wordsOf(error: Error, seconds: number): string {
  if (error.name === 'TimeoutError') return `it did not answer within ${seconds} s`
  const { code } = (error.cause ?? {}) as { code?: string }
  return `it cannot be reached (${code ?? 'no HTTP'})`
}
