import { cut, storableText } from '@rumpfarm/contracts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of terminals begin with a control character
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 and PostgreSQL allow none of them, apart from tab and newline
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g

/** Removes the escape sequences of terminals, such as colours. */
export const withoutEscapes = (text: string): string => (text.includes('\x1b') ? text.replace(escapes, '') : text)

/** Text that XML, PostgreSQL and a page can hold: without escape sequences; other control characters become U+FFFD. */
export const cleanText = (text: string): string => storableText(withoutEscapes(text).replace(controls, '\uFFFD'))

/** Like `cleanText`, with a maximum length; a longer text ends in `…`. */
export function shortText(text: string, max: number): string {
  const clean = cleanText(text.length > max * 2 ? cut(text, max * 2) : text)
  return clean.length <= max ? clean : `${cut(clean, max - 1)}…`
}

/** One line without blanks at its ends. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

// Without `<`, `=` and `>`, so that a broken sequence cannot remove a tag.
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const colours = /\x1b\[[0-9;:]*[A-Za-z]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const unfinished = /(?:&[#0-9a-fx]{0,10}|\x1b[[0-9;:]{0,20})$/i
const references = /&#(?:x([0-9a-f]{1,8})|([0-9]{1,8}));/gi

/**
 * Makes the text of an XML file valid: removes colours, and replaces control characters and references to them. XML 1.0
 * allows neither, but tests print both.
 */
export function xmlCleaner() {
  let rest = ''
  const clean = (text: string) =>
    text
      .replace(colours, '')
      .replace(controls, '\uFFFD')
      .replace(references, (reference, hex?: string, decimal?: string) =>
        isXmlCharacter(hex ? Number.parseInt(hex, 16) : Number(decimal)) ? reference : '\uFFFD',
      )
  return {
    /** The cleaned text, without an end that a later piece may complete. */
    write(piece: string): string {
      const text = rest + piece
      const open = unfinished.exec(text)?.index ?? text.length
      rest = text.slice(open)
      return clean(text.slice(0, open))
    },
    end: (): string => clean(rest),
  }
}

const isXmlCharacter = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 0x20 && code < 0xd800) ||
  (code > 0xdfff && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff)
