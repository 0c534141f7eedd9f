import type { Candidate } from './candidates.rule.ts'
import type { NumberedLine } from './excerpt.rule.ts'

/** Rules whose line can end before it says what is wrong. */
const continues: readonly string[] = ['C7', 'C9', 'errors']
const solarisHeader = /^Undefined\s{1,60}first referenced|^\s{1,20}symbol\s{1,60}in file/

/** The text of the line that won. If this line is only a heading, the next line that is not blank follows it. */
export function winnerMessage({ line, text, rule }: Candidate, lines: readonly NumberedLine[]): string {
  const short = text.trim()
  if (!continues.includes(rule) || !(short.endsWith(':') || solarisHeader.test(text))) return short
  const next = lines.find(one => one.line > line && one.text.trim() !== '' && !solarisHeader.test(one.text))
  return next ? `${short} ${next.text.trim()}` : short
}
