import type { Guard } from './guard.ts'
import { codeIn, judge, membersOf, pause, sendHttp, statusOf } from './http.ts'
import { escapedMarkdown, fenced } from './markdown.ts'
import type { Delivery, DiscordChannel, OutgoingMessage } from './notifier.ts'
import { isBad, isGood, joinedWithin, shortened } from './text.ts'

/** Discord refuses a longer title or description. */
const titleCharactersMax = 256
const descriptionCharactersMax = 4096
const excerptCharactersMax = 1500
const linksCharactersMax = 1500

export async function sendToDiscord(
  guard: Guard,
  { url }: DiscordChannel,
  message: OutgoingMessage,
): Promise<Delivery> {
  const address = new URL(url)
  address.searchParams.set('wait', 'true') // without it, Discord also answers 204 if it does not store the message
  const answer = await sendHttp(guard, {
    url: address.href,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(discordBody(message)),
  })
  const { code, retry_after: seconds } = membersOf(answer)
  return judge(answer, {
    code: codeIn(code),
    permanent: statusOf(answer) === 404 && code === unknownWebhook,
    retryAfterSeconds: typeof seconds === 'number' ? pause(seconds) : undefined,
  })
}

/** Discord's code for a webhook that somebody has removed. */
const unknownWebhook = 10_015

const red = 0xc62828
const green = 0x2e7d32
const grey = 0x78909c

export function discordBody(message: OutgoingMessage) {
  const { title, lines, excerpt, links, createdAt } = message
  const quoted = excerpt.length > 0 ? fenced(shortened(excerpt.join('\n'), excerptCharactersMax)) : ''
  const addresses = links.map(({ text, url }) => `[${escapedMarkdown(text)}](${inParentheses(url)})`)
  const end = joinedWithin(linksCharactersMax, addresses, ' · ')
  const left = descriptionCharactersMax - quoted.length - end.length - 2
  const plain = joinedWithin(left, lines.map(escapedMarkdown), '\n')
  return {
    allowed_mentions: { parse: [] }, // a log can contain @everyone
    embeds: [
      {
        title: shortened(escapedMarkdown(title), titleCharactersMax),
        description: [plain, quoted, end].filter(Boolean).join('\n'),
        ...(links[0] && { url: links[0].url }),
        color: isBad(message) ? red : isGood(message) ? green : grey,
        timestamp: createdAt.toISOString(),
      },
    ],
  }
}

const inParentheses = (url: string): string => url.replaceAll('(', '%28').replaceAll(')', '%29')
