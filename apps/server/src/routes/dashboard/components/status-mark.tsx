import type { ComponentChildren } from 'preact'
import { type Status, statusLabel } from './status.ts'

/** A status with its sign and colour. */
export const StatusMark = ({ status, children }: { status: Status; children?: ComponentChildren }) => (
  <span class={`mark ${status}`}>{children ?? statusLabel[status]}</span>
)
