// Texts of messages: limits, and characters that could change the meaning of a message.
import type { OutgoingMessage } from './notifier.ts'

const titleCharactersMax = 200
const linesMax = 40
const lineCharactersMax = 1000
const excerptLinesMax = 20
const excerptCharactersMax = 200
const linksMax = 6
const linkCharactersMax = 80
const addressCharactersMax = 400

const controls = / *[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069][ \p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*/gu

/** Replaces control characters, which end a line or colour it, and the characters that reverse the direction of text. */
export const oneLine = (text: string): string => wellFormed(text.replace(controls, ' ')).trim()

/** Replaces halves of characters, which some receivers refuse. */
const wellFormed = (text: string): string => Buffer.from(text).toString()

/** At most `max` characters. Does not cut a character into halves. */
export const shortened = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`

/** At most `max` bytes of UTF-8. Does not cut a character into halves. */
export function shortenedBytes(text: string, max: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= max) return text
  let end = max - Buffer.byteLength('…')
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1 // a byte inside of a character
  return `${bytes.subarray(0, end).toString()}…`
}

/** Joins the first texts, as many as fit into `max` characters. */
export function joinedWithin(max: number, texts: readonly string[], separator: string): string {
  const fits = (count: number) => texts.slice(0, count).join(separator).length <= max
  let count = texts.length
  while (!fits(count)) count -= 1
  return texts.slice(0, count).join(separator)
}

/** The message with all limits, without control characters, and without links that are not web addresses. */
export const cleaned = ({ unsubscribeUrl, ...message }: OutgoingMessage): OutgoingMessage => ({
  ...message,
  title: shortened(oneLine(message.title), titleCharactersMax),
  lines: message.lines.slice(0, linesMax).map(line => shortened(oneLine(line), lineCharactersMax)),
  excerpt: message.excerpt.slice(0, excerptLinesMax).map(line => shortened(logLine(line), excerptCharactersMax)),
  links: message.links
    .filter(({ url }) => isWebAddress(url))
    .slice(0, linksMax)
    .map(({ text, url }) => ({ text: shortened(oneLine(text), linkCharactersMax), url: new URL(url).href })),
  ...(unsubscribeUrl && isWebAddress(unsubscribeUrl) && { unsubscribeUrl: new URL(unsubscribeUrl).href }),
})

/** A line of a log keeps its indentation. */
const logLine = (line: string): string => {
  const indent = /^[\t ]*/.exec(line)?.[0] ?? ''
  return indent.replaceAll('\t', '    ') + oneLine(line)
}

const isWebAddress = (text: string): boolean =>
  text.length <= addressCharactersMax && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Whether the message is about something that somebody must repair. */
export const isBad = ({ event }: OutgoingMessage): boolean =>
  ['newly-failing', 'still-failing', 'host-silent'].includes(event)

/** Whether the message says that something works again. */
export const isGood = ({ event }: OutgoingMessage): boolean => ['fixed', 'host-back'].includes(event)

/** Escapes text for HTML, also inside of quoted attributes. */
export const escapedHtml = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
