import type { Expired } from '@rumpfarm/farm'
import { day } from './times.ts'

/** Says that the farm deleted data, and how long it kept them. */
export const Gone = ({ what, expired: { at, keptDays } }: { what: string; expired: Expired }) => (
  <p class="empty">
    {what} expired on <time datetime={at.toISOString()}>{day(at)}</time>
    {keptDays === null ? '' : ` (kept ${keptDays} ${keptDays === 1 ? 'day' : 'days'})`}.
  </p>
)
