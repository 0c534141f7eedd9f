import type { FarmClient } from '@rumpfarm/client'
import type { OutStream } from './terminal/streams.ts'
import type { Style } from './terminal/style.ts'

/** What a command can use besides its arguments. */
export interface Context {
  /** Finds the farm at the first call. */
  farm(): Promise<FarmClient>
  out: OutStream
  /** For messages that are not the result, so that they do not disturb a pipe. */
  notes: OutStream
  style: Style
  json: boolean
  /** The program's name: `rumpfarm` or `./farm`. */
  program: string
  /** The directory of the caller, for files. */
  directory: string
  /** Aborts when the user presses Ctrl-C. */
  signal: AbortSignal
  now(): Date
}
