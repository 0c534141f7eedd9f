import type { ComponentChildren } from 'preact'
import { age, clockTime, day, moment } from './times.ts'

/** Which part of a time an element shows. The script shows these parts in the zone of the reader (client/times.js). */
type Shown = 'moment' | 'clock' | 'day'

interface ElementProps {
  time: Date
  /** Undefined: the element shows an age, which is the same in every zone. */
  shown?: Shown
  children: ComponentChildren
}

/** Every time on a page. Without JavaScript, it is in UTC. The title is always in UTC. */
const Time = ({ time, shown, children }: ElementProps) => (
  <time dateTime={time.toISOString()} title={moment(time)} data-shown={shown}>
    {children}
  </time>
)

interface TimeProps {
  from: Date
  /** The time when the server rendered the page. */
  at: Date
}

/** Shows the time since `from`, such as `7 min`. After a state, write `for` before it. */
export const Since = ({ from, at }: TimeProps) => <Time time={from}>{age(from, at)}</Time>

/** Shows the time since `from`, such as `7 min ago`. */
export const Ago = (props: TimeProps) => (
  <>
    <Since {...props} /> ago
  </>
)

/** Shows a date and a time: `2024-05-06 07:08 UTC`. */
export const Moment = ({ time }: { time: Date }) => (
  <Time time={time} shown="moment">
    {moment(time)}
  </Time>
)

/** Shows a date: `2024-05-06`. */
export const Day = ({ time }: { time: Date }) => (
  <Time time={time} shown="day">
    {day(time)}
  </Time>
)

/** Shows a time of the day, such as `14:20 UTC`; with the date if it is not within 20 hours. */
export function ClockTime({ time, at }: { time: Date; at: Date }) {
  const text = clockTime(time, at)
  return (
    <Time time={time} shown={text === moment(time) ? 'moment' : 'clock'}>
      {text}
    </Time>
  )
}

/** Shows a sentence in which the ages of these times occur, each once and in this order. */
export function WithAges({ text, times, at }: { text: string; times: readonly (Date | undefined)[]; at: Date }) {
  const parts: ComponentChildren[] = []
  let rest = text
  for (const time of times) {
    const words = time && age(time, at)
    const index = words === undefined ? -1 : rest.indexOf(words)
    if (time === undefined || words === undefined || index < 0) continue
    parts.push(rest.slice(0, index), <Since from={time} at={at} />)
    rest = rest.slice(index + words.length)
  }
  return (
    <>
      {parts}
      {rest}
    </>
  )
}
