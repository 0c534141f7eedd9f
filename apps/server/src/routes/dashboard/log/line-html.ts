import { escapeHtml } from '../components/escape.ts'
import { applySgr, plainSgr, type Sgr, sgrClasses } from './sgr.ts'

/** Bytes of a line that are shown; the rest is in the raw log. */
export const lineBytesMax = 4096

export interface LogLine {
  /** At most `lineBytesMax` of its bytes, without the line feed. */
  bytes: Uint8Array
  /** How many bytes it has, without the line feed. */
  length: number
}

const decoder = new TextDecoder('utf-8') // what is no UTF-8 becomes U+FFFD
const esc = '\u001b'
// A whole escape sequence: CSI (colours and cursor), OSC up to its terminator (titles, links), and the two-byte ones.
const sequences = new RegExp(
  `${esc}(?:\\[([0-9;:]*)m|\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007${esc}]*(?:\\u0007|${esc}\\\\)|[ -/]*[0-Z\\\\^-~])`,
  'g',
)
// Tab stays; bidirectional controls could make a log read differently from what it says.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Draws the lines of one log in order: colours go on from line to line, as in a terminal. */
export class LineDrawer {
  #sgr: Readonly<Sgr> = plainSgr

  /** The line's text as HTML: nothing of the log is markup, and no control character is left. */
  draw(line: LogLine): string {
    const cut = line.length > line.bytes.length
    let text = decoder.decode(line.bytes)
    if (cut) text = text.replace(/\ufffd$/, '') // the cut may have gone through a character
    const html = text.includes('\r') ? this.#overwritten(text) : this.#colour(text)
    return cut ? `${html}<i class=cut> … ${line.length - line.bytes.length} more bytes in this line</i>` : html
  }

  #colour(text: string): string {
    if (this.#sgr === plainSgr && !text.includes(esc)) return visible(text)
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
   * A progress bar writes its line again after each carriage return: what would be left on a terminal. The colours of what was
   * overwritten go on.
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
    return classes === '' ? visible(text) : `<span class="${classes}">${visible(text)}</span>`
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const erasesLine = /\u001b\[[012]?[JK]/

const visible = (text: string): string =>
  escapeHtml(text).replace(controls, character => `<i>${picture(character)}</i>`)

/** The sign for a control character: ␀, ␛ …, or its number. */
function picture(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '␡' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
