import type { Guard } from './guard.ts'
import { codeIn, judge, membersOf, pause, sendHttp } from './http.ts'
import type { Delivery, MatrixChannel, OutgoingMessage } from './notifier.ts'
import { escapedHtml, joinedWithin } from './text.ts'

/** Sends one event. The homeserver creates only one event for each transaction id, so a repetition shows nothing new. */
export async function sendToMatrix(guard: Guard, channel: MatrixChannel, message: OutgoingMessage): Promise<Delivery> {
  const { homeserver, room, token } = channel
  const path = ['rooms', room, 'send', 'm.room.message', message.id].map(encodeURIComponent).join('/')
  const answer = await sendHttp(guard, {
    url: `${homeserver.replace(/\/+$/, '')}/_matrix/client/v3/${path}`,
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(matrixEvent(message)),
  })
  const { errcode, retry_after_ms: wait } = membersOf(answer)
  return judge(answer, {
    code: codeIn(errcode),
    retryAfterSeconds: typeof wait === 'number' ? pause(wait / 1000) : undefined,
  })
}

/** An event has at most 64 KiB, and markup makes a text up to five times longer. */
const partCharactersMax = 3000

export const matrixEvent = ({ title, lines: allLines, excerpt: wholeExcerpt, links }: OutgoingMessage) => {
  const lines = joinedWithin(partCharactersMax, allLines, '\n').split('\n')
  const excerpt = joinedWithin(partCharactersMax, wholeExcerpt, '\n')
  return {
    msgtype: 'm.notice', // programs must not answer a notice
    body: [title, ...lines, excerpt, ...links.map(({ text, url }) => `${text}: ${url}`)].filter(Boolean).join('\n'),
    format: 'org.matrix.custom.html',
    formatted_body: [
      `<strong>${escapedHtml(title)}</strong><br>`,
      ...lines.map(line => `${escapedHtml(line)}<br>`),
      excerpt && `<pre><code>${escapedHtml(excerpt)}</code></pre>`,
      links.map(({ text, url }) => `<a href="${escapedHtml(url)}">${escapedHtml(text)}</a>`).join(' · '),
    ].join(''),
    'm.mentions': {}, // a name in a log notifies nobody
  }
}
