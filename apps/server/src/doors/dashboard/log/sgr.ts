/**
 * Colours and weights that a terminal would show (ECMA-48 "SGR"), as classes. Written here because ansi_up, also with its
 * use_classes, writes style attributes for bold, faint and the 256 colours, which the pages' content security policy forbids.
 */
export interface Sgr {
  bold: boolean
  faint: boolean
  italic: boolean
  underline: boolean
  /** 0-15, as a terminal's palette. */
  foreground: number | undefined
  background: number | undefined
}

export const plainSgr: Readonly<Sgr> = Object.freeze({
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  foreground: undefined,
  background: undefined,
})

/** What follows `ESC [ CODES m`. Unknown codes change nothing. */
export function applySgr(before: Readonly<Sgr>, codes: string): Readonly<Sgr> {
  const sgr = { ...before }
  const numbers = codes.split(/[;:]/).map(Number)
  while (numbers.length > 0) {
    const code = numbers.shift() ?? 0
    if (code === 0) Object.assign(sgr, plainSgr)
    else if (code === 38) sgr.foreground = colour(numbers) ?? sgr.foreground
    else if (code === 48) sgr.background = colour(numbers) ?? sgr.background
    else applyCode(sgr, code)
  }
  return sgr
}

function applyCode(sgr: Sgr, code: number): void {
  if (code === 1) sgr.bold = true
  else if (code === 2) sgr.faint = true
  else if (code === 3) sgr.italic = true
  else if (code === 4) sgr.underline = true
  else if (code === 22) sgr.bold = sgr.faint = false
  else if (code === 23) sgr.italic = false
  else if (code === 24) sgr.underline = false
  else if (code === 39) sgr.foreground = undefined
  else if (code === 49) sgr.background = undefined
  else if (code >= 30 && code <= 37) sgr.foreground = code - 30
  else if (code >= 40 && code <= 47) sgr.background = code - 40
  else if (code >= 90 && code <= 97) sgr.foreground = code - 90 + 8
  else if (code >= 100 && code <= 107) sgr.background = code - 100 + 8
}

/** The colour after 38 or 48, taken off the list: `5;N` or `2;R;G;B`, brought down to the 16 of the palette. */
function colour(numbers: number[]): number | undefined {
  const kind = numbers.shift()
  if (kind === 5) return ofPalette(numbers.shift() ?? 0)
  if (kind !== 2) return undefined
  const [red = 0, green = 0, blue = 0] = numbers.splice(0, 3)
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

/** The classes of the style sheet; none for plain text. */
export function sgrClasses(sgr: Readonly<Sgr>): string {
  if (sgr === plainSgr) return ''
  const classes: string[] = []
  if (sgr.bold) classes.push('ab')
  if (sgr.faint) classes.push('ad')
  if (sgr.italic) classes.push('ai')
  if (sgr.underline) classes.push('au')
  if (sgr.foreground !== undefined) classes.push(`f${sgr.foreground}`)
  if (sgr.background !== undefined) classes.push(`g${sgr.background}`)
  return classes.join(' ')
}
