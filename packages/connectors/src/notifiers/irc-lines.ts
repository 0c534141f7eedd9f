import type { OutgoingMessage } from './notifier.ts'
import { isBad, isGood, oneLine, shortenedBytes } from './text.ts'

/** The protocol allows 512 bytes, which include the names of sender and channel. */
const lineBytesMax = 380
const sentencesMax = 2

/** The only colour of a message is that of its first character: mIRC's 4 is red, 3 is green. */
const mark = (message: OutgoingMessage): string =>
  isBad(message) ? '\u000304✗\u0003 ' : isGood(message) ? '\u000303✓\u0003 ' : ''

/** At most four lines: title, two sentences, one link. Without control characters, except those of the mark. */
export function ircLines(message: OutgoingMessage): string[] {
  const { title, lines, links } = message
  const [first, ...rest] = [title, ...lines.slice(0, sentencesMax), ...links.slice(0, 1).map(({ url }) => url)]
    .map(oneLine)
    .filter(line => line !== '')
    .map(line => shortenedBytes(line, lineBytesMax))
  return [`${mark(message)}${first}`, ...rest]
}

/** Whether a text is the name of a channel. A comma or a space would begin another name. */
export const isIrcChannel = (text: string): boolean => /^[#&+!][^\s,:\p{Cc}]{1,63}$/u.test(text)

/** Whether a text is a nick that IRC servers accept. */
export const isIrcNick = (text: string): boolean => /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,29}$/.test(text)

/** The nicks that the farm tries if other people use its nick. Some servers allow only nine characters. */
export const otherNicks = (nick: string): string[] => [
  `${nick}_`,
  ...[1, 2, 3].map(digit => `${nick.slice(0, 8)}${digit}`),
]
