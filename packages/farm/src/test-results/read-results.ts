import { cut } from '@rumpfarm/contracts'
import type { collector } from './collect.rule.ts'
import { encodingOf } from './decode.rule.ts'
import { junitParser } from './junit.ts'
import type { ResultLimits } from './limits.rule.ts'
import { type LogPattern, patternParser } from './pattern.rule.ts'
import type { ResultParser, ResultSink } from './reported-test.rule.ts'
import { tapParser } from './tap.ts'

/** A file, or the part of a log, that holds results. */
export interface ResultSource {
  /** The path of the file, or `log of STEP`. */
  label: string
  /** Undefined: the farm looks at the first bytes. */
  format?: 'junit' | 'tap' | undefined
  /** Set if the tests are lines of a log. */
  pattern?: LogPattern | undefined
  /** The suite of tests that are in no suite of their own. */
  suite?: readonly string[]
  bytes: number
  read(): AsyncIterable<Uint8Array>
}

type Collector = ReturnType<typeof collector>

/**
 * Reads the sources in order. Between two pieces of a file, the process does other work. When all files together reach
 * a limit, the rest is left out and a notice says so.
 */
export async function readResults(
  sources: readonly ResultSource[],
  collected: Collector,
  limits: ResultLimits,
  now: () => number = () => performance.now(),
): Promise<void> {
  const until = now() + limits.timeMs
  let bytes = 0
  for (const [index, source] of sources.entries()) {
    if (index >= limits.filesMax)
      return collected.notice(`${sources.length} files hold results; the farm read the first ${limits.filesMax}`)
    if (bytes + source.bytes > limits.bytesMax) {
      const read = `the farm read the first ${limits.bytesMax} bytes of all files`
      collected.notice(`${source.label} has ${source.bytes} bytes; ${read}`)
    }
    const allowed = Math.min(source.bytes, limits.bytesMax - bytes)
    if (allowed <= 0 && source.bytes > 0) return
    bytes += allowed
    const late = await readSource(source, allowed, collected, limits, () => now() > until)
    if (late)
      return collected.notice(`reading took longer than ${limits.timeMs / 1000} s; the farm kept what it had read`)
  }
}

/** True if there was no time to read the whole source. */
async function readSource(
  source: ResultSource,
  bytesMax: number,
  collected: Collector,
  limits: ResultLimits,
  isLate: () => boolean,
): Promise<boolean> {
  let run: ReturnType<Collector['run']> | undefined
  let parser: ResultParser | undefined
  let decode = (_bytes: Uint8Array): string => ''
  let read = 0
  let late = false
  let ended = true
  for await (const piece of source.read()) {
    const bytes = piece.subarray(0, bytesMax - read)
    read += bytes.length
    if (!parser) {
      const format = source.pattern ? 'pattern' : (source.format ?? formatOf(bytes))
      run = collected.run(source.label, format)
      const encoding = format === 'junit' ? encodingOf(bytes) : { label: 'utf-8' }
      if ('unknown' in encoding) {
        run.sink.incomplete(`refused: its encoding is ${cut(encoding.unknown, 40)}; write UTF-8`)
        ended = false
        break
      }
      const decoder = new TextDecoder(encoding.label)
      decode = bytes => decoder.decode(bytes, { stream: true })
      parser = parserOf(format, source, run.sink, limits)
    }
    const more = writeSafely(parser, decode(bytes), run?.sink)
    late = isLate()
    if (!more || late || read >= bytesMax) {
      ended = more && !late
      break
    }
  }
  run ??= collected.run(source.label, source.pattern ? 'pattern' : (source.format ?? 'tap'))
  if (late) run.sink.incomplete('there was no time to read the whole file')
  else if (read < source.bytes && ended) run.sink.incomplete(`the farm read its first ${read} bytes`)
  if (read === 0) run.sink.incomplete('the file is empty')
  if (parser) endSafely(parser, run.sink)
  run.done()
  return late
}

/** A defect of a parser must not hide why the attempt failed. */
function writeSafely(parser: ResultParser, text: string, sink: ResultSink | undefined): boolean {
  try {
    return parser.write(text)
  } catch (error) {
    sink?.incomplete(`the parser failed: ${String(error)}`)
    return false
  }
}

function endSafely(parser: ResultParser, sink: ResultSink): void {
  try {
    parser.end()
  } catch (error) {
    sink.incomplete(`the parser failed: ${String(error)}`)
  }
}

/** XML begins with `<`, after blanks and a byte order mark. */
const formatOf = (start: Uint8Array): 'junit' | 'tap' =>
  /^(?:\xEF\xBB\xBF|\xFF\xFE|\xFE\xFF)?[\s\0]*</.test(String.fromCharCode(...start.subarray(0, 200))) ? 'junit' : 'tap'

function parserOf(format: string, source: ResultSource, sink: ResultSink, limits: ResultLimits): ResultParser {
  if (source.pattern) return patternParser(sink, limits, source.pattern)
  return format === 'junit' ? junitParser(sink, limits) : tapParser(sink, limits, source.suite)
}
