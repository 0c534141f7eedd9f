/**
 * The style of a text in a terminal (ECMA-48 "SGR"), from which the page gets class names. The farm does not use the
 * library ansi_up, because ansi_up writes style attributes for bold, faint and the 256 colours, even with use_classes.
 * The content security policy forbids style attributes.
 */
export interface Sgr {
  bold: boolean
  faint: boolean
  italic: boolean
  underline: boolean
  /** Text and background exchange their colours. */
  reverse: boolean
  /** A number from 0 to 15, as in the palette of a terminal. */
  foreground: number | undefined
  background: number | undefined
}

export const plainSgr: Readonly<Sgr> = Object.freeze({
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  reverse: false,
  foreground: undefined,
  background: undefined,
})

/**
 * Applies `ESC [ CODES m`. Unknown codes change nothing. A code can have parts after colons (ISO 8613-6): `4:3` is a
 * curly underline, `38:2::255:0:0` is a colour. With semicolons, the numbers of a colour are separate codes.
 */
export function applySgr(before: Readonly<Sgr>, codes: string): Readonly<Sgr> {
  const sgr = { ...before }
  const parameters = codes.split(';').map(parameter => parameter.split(':').map(Number))
  while (parameters.length > 0) {
    const [code = 0, ...parts] = parameters.shift() ?? []
    const given = () => (parts.length > 0 ? colour(withoutSpace(parts)) : colourOfCodes(parameters))
    if (code === 0) Object.assign(sgr, plainSgr)
    else if (code === 38) sgr.foreground = given() ?? sgr.foreground
    else if (code === 48) sgr.background = given() ?? sgr.background
    else applyCode(sgr, code === 4 && parts[0] === 0 ? 24 : code)
  }
  return sgr
}

/** `2:SPACE:R:G:B` has a colour space, which can be empty; `2:R:G:B` has none. */
const withoutSpace = (parts: number[]): number[] =>
  parts[0] === 2 && parts.length > 4 ? [2, ...parts.slice(2)] : parts

/** Takes the numbers of a colour from the codes after 38 or 48. */
function colourOfCodes(parameters: number[][]): number | undefined {
  const [kind] = parameters.shift() ?? []
  const rest = parameters.splice(0, kind === 2 ? 3 : kind === 5 ? 1 : 0)
  return colour([kind ?? 0, ...rest.map(([number = 0]) => number)])
}

function applyCode(sgr: Sgr, code: number): void {
  if (code === 1) sgr.bold = true
  else if (code === 2) sgr.faint = true
  else if (code === 3) sgr.italic = true
  else if (code === 4) sgr.underline = true
  else if (code === 7) sgr.reverse = true
  else if (code === 22) sgr.bold = sgr.faint = false
  else if (code === 23) sgr.italic = false
  else if (code === 24) sgr.underline = false
  else if (code === 27) sgr.reverse = false
  else if (code === 39) sgr.foreground = undefined
  else if (code === 49) sgr.background = undefined
  else if (code >= 30 && code <= 37) sgr.foreground = code - 30
  else if (code >= 40 && code <= 47) sgr.background = code - 40
  else if (code >= 90 && code <= 97) sgr.foreground = code - 90 + 8
  else if (code >= 100 && code <= 107) sgr.background = code - 100 + 8
}

/** Returns the number of the palette's colour that is nearest to `5, N` or `2, R, G, B`. The palette has 16 colours. */
function colour([kind, red = 0, green = 0, blue = 0]: number[]): number | undefined {
  if (kind === 5) return ofPalette(red)
  if (kind !== 2) return undefined
  return nearest(red, green, blue)
}

function ofPalette(index: number): number | undefined {
  if (!(index >= 0 && index <= 255)) return undefined
  if (index < 16) return index
  if (index >= 232) return index < 238 ? 0 : index < 244 ? 8 : index < 250 ? 7 : 15
  const cube = index - 16
  return nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51)
}

function nearest(red: number, green: number, blue: number): number {
  const bits = (red > 127 ? 1 : 0) + (green > 127 ? 2 : 0) + (blue > 127 ? 4 : 0)
  return bits + (Math.max(red, green, blue) > 220 ? 8 : 0)
}

/** Returns class names of styles/log.css, or an empty text for the plain style. */
export function sgrClasses(sgr: Readonly<Sgr>): string {
  if (sgr === plainSgr) return ''
  const classes: string[] = []
  if (sgr.bold) classes.push('bold')
  if (sgr.faint) classes.push('faint')
  if (sgr.italic) classes.push('italic')
  if (sgr.underline) classes.push('underline')
  // Reversed text without its own colour has the page's background colour on the page's text colour.
  if (sgr.reverse && sgr.foreground === undefined) return [...classes, 'reverse'].join(' ')
  const [front, back] = sgr.reverse ? [sgr.background, sgr.foreground] : [sgr.foreground, sgr.background]
  if (front !== undefined) classes.push(`fg${front}`)
  if (back !== undefined) classes.push(`bg${back}`)
  return classes.join(' ')
}
