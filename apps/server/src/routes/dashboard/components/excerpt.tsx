import type { FailureView } from '@rumpfarm/farm'
import { Link } from './links.tsx'
import { counted } from './status.ts'

/** The first error of a failed step, with the lines around it, and a link to its line in the log. */
export function Excerpt({ failure, jobPath }: { failure: FailureView; jobPath: string }) {
  const { message, line, excerpt, errors, fromHost } = failure
  return (
    <section class="excerpt" aria-label="First error">
      <p>
        <strong class="message">{message}</strong>
      </p>
      <pre class="lines">
        {excerpt.lines.map((text, index) => (
          <ExcerptLine number={excerpt.firstLine + index} text={text} isError={excerpt.firstLine + index === line} />
        ))}
      </pre>
      <p>
        {line === null ? (
          <Link to={jobPath}>Open the log</Link>
        ) : (
          <Link to={`${jobPath}?line=${line}#L${line}`}>Open the log at line {line}</Link>
        )}
        {errors > 1 && `. The step printed ${counted(errors, 'error')}`}
        {fromHost && '. The host probably caused this failure: look at its disk, memory and network first'}.
      </p>
    </section>
  )
}

const ExcerptLine = ({ number, text, isError }: { number: number; text: string; isError: boolean }) =>
  isError ? (
    <mark>
      {number} {text}
      {'\n'}
    </mark>
  ) : (
    <>
      {number} {text}
      {'\n'}
    </>
  )
