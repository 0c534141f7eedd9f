import { cut } from '@rumpfarm/contracts'

/** The rules see at most this many characters of a line. */
export const lineCharactersMax = 2048
// A longer run of escape sequences is binary data, and not the colour of a message.
const rawCharactersMax = 8 * lineCharactersMax

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals use these characters
const unclean = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/
const escapes =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals use these characters
  /(?:\x1b\[|\x9b)[0-?]{0,200}[ -/]{0,20}[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,4000}(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{0,20}[0-Z\\^-~]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: no page and no database shows these characters
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

/**
 * The text of a line as a terminal shows it: without its line end, without text that a carriage return overwrites, and
 * without escape sequences and other control characters. At most 2,048 characters.
 */
export function prepareLine(line: string): string {
  if (!unclean.test(line)) return cut(line, lineCharactersMax).toWellFormed()
  const shown = cut(afterReturn(line), rawCharactersMax)
  return cut(shown.replace(escapes, '').replace(controls, ''), lineCharactersMax).toWellFormed()
}

function afterReturn(line: string): string {
  let end = line.length
  while (end > 0 && line.charCodeAt(end - 1) === 13) end -= 1
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end)
}
