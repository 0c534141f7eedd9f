import { cut } from './text.ts'

/** A line of the agent protocol (docs/agent-protocol.md). A body is `key value` lines, and the last line is `end`. */
export type WireLine = readonly [key: string, value: string | number]

export type WireError = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 426 | 429 | 503

const namePattern = /^[A-Za-z0-9_+][A-Za-z0-9._+-]{0,127}$/
const numberPattern = /^(0|[1-9]\d{0,8})$/

/** A name in a message. It does not begin with . or -, so that it is never a hidden file or an option. */
export const isWireName = (text: string): boolean => namePattern.test(text)

/** An artifact's name: a relative path of at most 128 characters. Each part matches `isWireName`. */
export const isArtifactName = (text: string): boolean => text.length <= 128 && text.split('/').every(isWireName)

/** A number in a message. It has at most nine digits, because mksh has 32-bit arithmetic. Undefined for other text. */
export const wireNumber = (text: string | undefined): number | undefined =>
  text !== undefined && numberPattern.test(text) ? Number(text) : undefined

const plain = (value: string | number) => String(value).replace(/\p{Cc}+/gu, ' ')

/**
 * A body with these lines. Control characters in values become spaces, because a line break would begin another line.
 */
export const writeLines = (lines: readonly WireLine[]): string =>
  `${lines.map(([key, value]) => (key === '|' ? `| ${value}\n` : `${key} ${plain(value)}\n`)).join('')}end\n`

export const okAnswer = (lines: readonly WireLine[] = []): string => `ok\n${writeLines(lines)}`

export const errAnswer = (code: WireError, text: string, lines: readonly WireLine[] = []): string =>
  `err ${code} ${plain(text)}\n${writeLines(lines)}`

export type WireBody = { kind: 'lines'; lines: [string, string][] } | { kind: 'malformed'; problem: string }

const bodyLinesMax = 4096

/** Reads a body. A problem includes the line number, which helps the authors of agents. */
export function readLines(text: string): WireBody {
  const rows = text.split('\n')
  if (rows.pop() !== '' || rows.pop() !== 'end') return malformed('the last line is not "end": the body is incomplete')
  if (rows.length > bodyLinesMax) return malformed(`more than ${bodyLinesMax} lines`)
  const lines: [string, string][] = []
  for (const [index, row] of rows.entries()) {
    const space = row.indexOf(' ')
    const key = space < 0 ? row : row.slice(0, space)
    if (key !== '|' && !isWireName(key))
      return malformed(`line ${index + 1} has no key: ${JSON.stringify(cut(row, 80))}`)
    lines.push([key, space < 0 ? '' : row.slice(space + 1)])
  }
  return { kind: 'lines', lines }
}

const malformed = (problem: string): WireBody => ({ kind: 'malformed', problem })

export interface WireAnswer {
  /** 0 for `ok`, otherwise the code after `err`. */
  code: number
  text: string
  lines: [string, string][]
}

/** Reads an answer. Undefined if the text is not a complete answer of the protocol. */
export function readAnswer(text: string): WireAnswer | undefined {
  const first = text.indexOf('\n')
  const head = text.slice(0, first)
  const match = head === 'ok' ? undefined : /^err (\d{3}) (.*)$/.exec(head)
  if (first < 0 || (head !== 'ok' && !match)) return undefined
  const body = readLines(text.slice(first + 1))
  if (body.kind === 'malformed') return undefined
  return { code: match ? Number(match[1]) : 0, text: match?.[2] ?? '', lines: body.lines }
}

/** The value of the first line with this key. */
export const lineValue = (lines: readonly [string, string][], key: string): string | undefined =>
  lines.find(([name]) => name === key)?.[1]
