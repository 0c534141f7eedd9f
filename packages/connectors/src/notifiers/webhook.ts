import { Webhook } from 'standardwebhooks'
import type { Guard } from './guard.ts'
import { judge, sendHttp, statusOf } from './http.ts'
import type { Delivery } from './notifier.ts'

export interface Message {
  url: string
  /** The secret: `whsec_` and base64. */
  secret: string
  /** The id is the same for each try, so that the receiver can recognise a repetition. */
  id: string
  body: object
  /** The time limit for the whole request, by default `httpSecondsMax` of http.ts. */
  seconds?: number
  guard: Guard
}

/**
 * Posts a message in the format of Standard Webhooks. Follows no redirect. After the status 410 (Gone), Standard Webhooks
 * forbids further messages, so this failure is permanent.
 */
export async function postWebhook({ url, secret, id, body, seconds, guard }: Message): Promise<Delivery> {
  const text = JSON.stringify(body)
  const sentAt = new Date()
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, sentAt, text),
  }
  const answer = await sendHttp(guard, { url, headers, body: text, ...(seconds !== undefined && { seconds }) })
  return judge(answer, { permanent: statusOf(answer) === 410 })
}
