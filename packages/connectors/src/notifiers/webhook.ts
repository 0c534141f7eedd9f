import { Webhook } from 'standardwebhooks'

export interface Message {
  url: string
  /** The secret: `whsec_` and base64. */
  secret: string
  /** The id is the same for each try, so that the receiver can recognise a repetition. */
  id: string
  body: object
  /** The time limit for the whole request, by default `webhookSecondsMax`. */
  seconds?: number
}

export type Delivery =
  | { kind: 'delivered' }
  /** `permanent` is true if the receiver answered 410 (Gone). Standard Webhooks then forbids further messages. */
  | { kind: 'failed'; problem: string; permanent: boolean }

const webhookSecondsMax = 10

/** Posts a message in the format of Standard Webhooks. Does not read the body of the answer and follows no redirect. */
export async function postWebhook({ url, secret, id, body, seconds = webhookSecondsMax }: Message): Promise<Delivery> {
  const text = JSON.stringify(body)
  const sentAt = new Date()
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'rumpfarm',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, sentAt, text),
  }
  try {
    const signal = AbortSignal.timeout(seconds * 1000)
    const response = await fetch(url, { method: 'POST', body: text, headers, redirect: 'manual', signal })
    await response.body?.cancel()
    return judge(response.status)
  } catch (error) {
    return { kind: 'failed', problem: problemOf(error as Error, seconds), permanent: false }
  }
}

function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const redirect = status >= 300 && status < 400 ? ': the farm follows no redirect' : ''
  return { kind: 'failed', problem: `it answered with status ${status}${redirect}`, permanent: status === 410 }
}

/**
 * Describes an error without the receiver's address, because the path of a webhook's address often contains a secret.
 */
function problemOf(error: Error, seconds: number): string {
  if (error.name === 'TimeoutError') return `it did not answer within ${seconds} s`
  const { code, name } = (error.cause ?? {}) as { code?: string; name?: string }
  if (name === 'HTTPParserError') return 'its answer is not HTTP' // in Node 24 this error has no code
  return `it cannot be reached (${code ?? 'unknown error'})`
}
