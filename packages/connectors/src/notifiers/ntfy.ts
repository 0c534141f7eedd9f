import type { Guard } from './guard.ts'
import { codeIn, judge, membersOf, sendHttp } from './http.ts'
import type { Delivery, NtfyChannel, OutgoingMessage } from './notifier.ts'
import { isBad, isGood, shortenedBytes } from './text.ts'

/** ntfy sends a longer message as an attachment. */
const messageBytesMax = 4096
const excerptLinesMax = 6
const actionsMax = 3

export async function sendToNtfy(
  guard: Guard,
  { url, token }: NtfyChannel,
  message: OutgoingMessage,
): Promise<Delivery> {
  const { server, topic } = partsOf(url)
  const answer = await sendHttp(guard, {
    url: server,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ topic, ...ntfyMessage(message) }),
  })
  return judge(answer, { code: codeIn(membersOf(answer).code) })
}

/** A message in JSON goes to the server's address, and names the topic in its body. */
function partsOf(url: string): { server: string; topic: string } {
  const address = new URL(url)
  const path = address.pathname.replace(/\/+$/, '')
  const slash = path.lastIndexOf('/')
  address.pathname = path.slice(0, slash + 1)
  return { server: address.href, topic: decodeURIComponent(path.slice(slash + 1)) }
}

export function ntfyMessage(message: OutgoingMessage) {
  const { title, lines, excerpt, links } = message
  return {
    title,
    message: shortenedBytes([...lines, ...excerpt.slice(0, excerptLinesMax)].join('\n') || title, messageBytesMax),
    priority: isBad(message) ? 4 : 3,
    tags: isBad(message) ? ['x'] : isGood(message) ? ['white_check_mark'] : [],
    ...(links[0] && { click: links[0].url }),
    actions: links.slice(0, actionsMax).map(({ text, url }) => ({ action: 'view', label: text, url })),
  }
}
