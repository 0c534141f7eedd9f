import { escapeHtml } from '../components/escape.ts'
import { applySgr, plainSgr, type Sgr, sgrClasses } from './sgr.ts'
import { WorkPath } from './work-path.ts'

// This file uses strings instead of components. For a page of 4,000 plain lines, strings take 7 ms of CPU and Preact
// takes 8.5 to 14 ms (on the busy machine of docs/performance.md). The server also renders each new line of a running
// job for each viewer.

/** A page shows at most this many bytes of a line. The raw log has all bytes. */
export const lineBytesMax = 4096

export interface LogLine {
  /** The bytes of the line without the line feed, at most `lineBytesMax`. */
  bytes: Uint8Array
  /** The number of bytes of the whole line without the line feed. */
  length: number
}

const decoder = new TextDecoder('utf-8') // replaces invalid bytes with U+FFFD
const esc = '\u001b'
// A whole escape sequence: CSI (colours, cursor), OSC with its terminator (titles, links), or a short sequence.
const sequences = new RegExp(
  `${esc}(?:\\[([0-9;:]*)m|\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007${esc}]*(?:\\u0007|${esc}\\\\)|[ -/]*[0-Z\\\\^-~])`,
  'g',
)
// All control characters except the tab. Bidirectional controls can make a log look different from its text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression finds control characters
const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

export interface Shown {
  /** A text that the reader searches for. The page marks it, in upper and lower case. */
  find?: string | undefined
  /** The name of the attempt, which is also in its work path on the host. The page shows `$FARM_WORK` for this path. */
  attempt?: string | undefined
}

/** Renders the lines of one log. Their order matters, because a colour in one line can continue in the next line. */
export class LineRenderer {
  #sgr: Readonly<Sgr> = plainSgr
  readonly #found: RegExp | undefined
  readonly #workPath: WorkPath | undefined
  /** The work path of the attempt on its host, if a rendered line contains it. */
  workPath: string | undefined

  constructor({ find, attempt }: Shown = {}) {
    this.#found = find === undefined ? undefined : new RegExp(`(${literal(find)})`, 'i')
    this.#workPath = attempt === undefined ? undefined : new WorkPath(attempt)
  }

  /** Returns the line as escaped HTML without control characters. */
  render(line: LogLine): string {
    const cut = line.length > line.bytes.length
    let text = decoder.decode(line.bytes)
    if (cut) text = text.replace(/\ufffd$/, '') // the cut can split a character
    const html = text.includes('\r') ? this.#overwritten(text) : this.#colour(text)
    return cut ? `${html}<i class=cut> … ${line.length - line.bytes.length} more bytes in this line</i>` : html
  }

  #colour(text: string): string {
    if (this.#sgr === plainSgr && !text.includes(esc)) return this.#visible(text)
    let html = ''
    let done = 0
    for (const match of text.matchAll(sequences)) {
      html += this.#span(text.slice(done, match.index))
      done = match.index + match[0].length
      if (match[1] !== undefined) this.#sgr = applySgr(this.#sgr, match[1])
    }
    return html + this.#span(text.slice(done))
  }

  /**
   * A progress bar writes its line again after each carriage return. The page shows only the last text, like a
   * terminal. But a colour in the earlier texts also applies to the last text.
   */
  #overwritten(text: string): string {
    const parts = text.split('\r')
    const left = parts.findLastIndex(part => part.replace(sequences, '') !== '' || erasesLine.test(part))
    return (
      parts.map((part, index) => ({ html: this.#colour(part), index })).find(({ index }) => index === left)?.html ?? ''
    )
  }

  #span(text: string): string {
    if (text === '') return ''
    const classes = sgrClasses(this.#sgr)
    const html = this.#visible(text)
    return classes === '' ? html : `<span class="${classes}">${html}</span>`
  }

  #visible(text: string): string {
    if (this.#workPath === undefined) return this.#marked(text)
    return this.#workPath
      .split(text)
      .map((part, index) => {
        if (index % 2 === 0) return this.#marked(part)
        this.workPath ??= part
        return '<b class=work>$FARM_WORK</b>'
      })
      .join('')
  }

  #marked(text: string): string {
    if (this.#found === undefined) return visible(text)
    const parts = text.split(this.#found)
    return parts.map((part, index) => (index % 2 === 0 ? visible(part) : `<mark>${visible(part)}</mark>`)).join('')
  }
}

/** A regular expression that matches exactly this text. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression finds control characters
const erasesLine = /\u001b\[[012]?[JK]/

const visible = (text: string): string =>
  escapeHtml(text).replace(controls, character => `<i>${picture(character)}</i>`)

/** Returns the symbol of a control character (␀, ␛), or its number if it has no symbol. */
function picture(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '␡' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
