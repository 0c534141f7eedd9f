import { cut } from '@rumpfarm/contracts'
import { withoutEscapes } from './clean.rule.ts'

/** Splits a text that arrives in pieces into lines without their ends and without escape sequences. A line longer than `max` is cut. */
export function lineSplitter(max: number, each: (line: string) => boolean, onCut: () => void) {
  let rest = ''
  let dropping = false
  let open = true
  const take = (line: string) => {
    const tooLong = line.length > max
    if (tooLong) onCut()
    const text = withoutEscapes(tooLong ? cut(line, max) : line)
    open = each(text.endsWith('\r') ? text.slice(0, -1) : text)
  }
  return {
    /** False if no further line is wanted. */
    write(text: string): boolean {
      let from = 0
      while (open) {
        const end = text.indexOf('\n', from)
        if (end < 0) break
        if (dropping) dropping = false
        else take(rest + text.slice(from, end))
        rest = ''
        from = end + 1
      }
      if (open && !dropping) rest += text.slice(from)
      if (open && rest.length > max) {
        take(rest)
        rest = ''
        dropping = true
      }
      return open
    },
    end(): void {
      if (open && rest !== '') take(rest)
    },
  }
}
