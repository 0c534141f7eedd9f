import { age, moment } from './times.ts'

interface TimeProps {
  from: Date
  /** When the page was made. */
  at: Date
}

/** How long something has lasted: `7 min`, with the moment of its start as the title. */
export const Since = ({ from, at }: TimeProps) => (
  <time dateTime={from.toISOString()} title={moment(from)}>
    {age(from, at)}
  </time>
)

/** `7 min ago` */
export const Ago = (props: TimeProps) => (
  <>
    <Since {...props} /> ago
  </>
)
