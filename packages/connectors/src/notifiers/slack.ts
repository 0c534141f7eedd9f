// Slack and Mattermost have the same incoming webhooks, with different markup. Many other chat servers accept Slack's.
import type { Guard } from './guard.ts'
import { codeIn, judge, sendHttp, statusOf } from './http.ts'
import { escapedMarkdown, fenced } from './markdown.ts'
import type { Delivery, OutgoingMessage, SlackChannel } from './notifier.ts'
import { joinedWithin, shortened } from './text.ts'

/** Slack recommends at most 4,000 characters for a text. Old versions of Mattermost refuse a longer text. */
const textCharactersMax = 4000
const titleCharactersMax = 600
const excerptCharactersMax = 1500
const linksCharactersMax = 1200

export async function sendToSlack(guard: Guard, channel: SlackChannel, message: OutgoingMessage): Promise<Delivery> {
  const text = channel.kind === 'slack' ? slackText(message) : mattermostText(message)
  const answer = await sendHttp(guard, {
    url: channel.url,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ text, ...(channel.kind === 'slack' && { unfurl_links: false, unfurl_media: false }) }),
  })
  const code = 'text' in answer ? codeIn(answer.text) : ''
  return judge(answer, { code, permanent: isGone(statusOf(answer), code) })
}

/** Slack answers like this if somebody has removed the webhook, its channel or the workspace. */
const isGone = (status: number, code: string): boolean =>
  status === 410 || (status === 404 && ['no_service', 'no_team', 'channel_not_found'].includes(code))

export const slackText = (message: OutgoingMessage): string =>
  joined(message, {
    bold: text => `*${escapedSlack(text)}*`,
    plain: escapedSlack,
    code: escapedSlack,
    link: (text, url) => `<${escapedSlack(url).replaceAll('|', '%7C')}|${escapedSlack(text)}>`,
  })

/** https://api.slack.com/reference/surfaces/formatting#escaping: these three characters, and no others. */
const escapedSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export const mattermostText = (message: OutgoingMessage): string =>
  joined(message, {
    bold: text => `**${escapedMattermost(text)}**`,
    plain: escapedMattermost,
    code: withoutMentions,
    link: (text, url) => `[${escapedMattermost(text)}](<${url}>)`,
  })

/** Mattermost has no escape for @channel, which notifies everybody. The character after the @ has no width. */
const withoutMentions = (text: string): string => text.replaceAll('@', '@\u200b')
const escapedMattermost = (text: string): string => withoutMentions(escapedMarkdown(text))

interface Markup {
  bold: (text: string) => string
  plain: (text: string) => string
  code: (text: string) => string
  link: (text: string, url: string) => string
}

/** Each part has its own limit, so that a long log does not remove the links. Markup makes a text longer. */
function joined({ title, lines, excerpt, links }: OutgoingMessage, { bold, plain, code, link }: Markup): string {
  const head = shortened(bold(title), titleCharactersMax)
  const quoted = excerpt.length > 0 ? fenced(shortened(code(excerpt.join('\n')), excerptCharactersMax)) : ''
  const addresses = links.map(({ text, url }) => link(text, url))
  const end = joinedWithin(linksCharactersMax, addresses, ' · ')
  const left = textCharactersMax - head.length - quoted.length - end.length - 3
  return [head, joinedWithin(left, lines.map(plain), '\n'), quoted, end].filter(Boolean).join('\n')
}
