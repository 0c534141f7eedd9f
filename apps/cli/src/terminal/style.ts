const codes = { green: 32, red: 31, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90, bold: 1, redBox: '1;97;41' }

export type Colour = keyof typeof codes

/** Paints texts for a terminal, or leaves them as they are. */
export type Style = (colour: Colour | undefined, text: string) => string

export const plain: Style = (_, text) => text

export const coloured: Style = (colour, text) =>
  colour === undefined || text.trim() === '' ? text : `\u001b[${codes[colour]}m${text}\u001b[0m`

/**
 * Colours are for terminals. FORCE_COLOR switches them on for a pipe, and NO_COLOR (https://no-color.org) switches them
 * off everywhere.
 */
export function styleFor(isTerminal: boolean, env: Record<string, string | undefined>): Style {
  if (env.NO_COLOR) return plain
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR === '0' ? plain : coloured
  return isTerminal && env.TERM !== 'dumb' ? coloured : plain
}
