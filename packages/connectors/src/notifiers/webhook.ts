import { Webhook } from 'standardwebhooks'

export interface Message {
  url: string
  /** `whsec_` and base64. */
  secret: string
  /** The same for each try, so that the receiver can recognise a repetition. */
  id: string
  body: object
  /** The time limit for the whole request. Default: 10 s. */
  seconds?: number
}

export type Delivery =
  | { kind: 'delivered' }
  /** `permanent`: the receiver answered 410 (Gone). Standard Webhooks says to send nothing more then. */
  | { kind: 'failed'; problem: string; permanent: boolean }

/** Posts a message in the format of Standard Webhooks. It does not read the receiver's answer, and follows no redirect. */
export async function postWebhook({ url, secret, id, body, seconds = 10 }: Message): Promise<Delivery> {
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

/** Without the address, because the path of a hook often contains its secret. */
function problemOf(error: Error, seconds: number): string {
  if (error.name === 'TimeoutError') return `it did not answer within ${seconds} s`
  const { code, name } = (error.cause ?? {}) as { code?: string; name?: string }
  if (name === 'HTTPParserError') return 'its answer is not HTTP' // Node 24 gives it no code
  return `it cannot be reached (${code ?? 'unknown error'})`
}
