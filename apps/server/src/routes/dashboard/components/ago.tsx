import { age, moment } from './times.ts'

interface TimeProps {
  from: Date
  /** The time when the server rendered the page. */
  at: Date
}

/** Shows the time since `from`, such as `7 min`. The title is the exact time. */
export const Since = ({ from, at }: TimeProps) => (
  <time dateTime={from.toISOString()} title={moment(from)}>
    {age(from, at)}
  </time>
)

/** Shows the time since `from`, such as `7 min ago`. */
export const Ago = (props: TimeProps) => (
  <>
    <Since {...props} /> ago
  </>
)
