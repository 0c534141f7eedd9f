import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../../../bus.ts'
import { topics } from '../../../bus.ts'
import { Alarm } from './alarm.ts'
import type { EventStream } from './stream.ts'

// A farm of 60 hosts changes several times a second while a build starts; nobody reads faster than this.
const pauseMs = 1_000
// A lost wake-up must not leave a page stale for good.
const atLatestMs = 60_000

/** Tells a page that what it shows has changed; it then loads itself again. */
export async function sayWhenStale(bus: Bus, stream: EventStream): Promise<void> {
  const alarm = new Alarm()
  const unsubscribe = bus.subscribe(topics.matrix, () => alarm.ring())
  try {
    while (!stream.closed.aborted) {
      await alarm.wait(atLatestMs, stream.closed)
      await stream.send({ event: 'changed', data: '' })
      await sleep(pauseMs, undefined, { signal: stream.closed }).catch(() => {}) // closed: the loop ends
    }
  } finally {
    unsubscribe()
  }
}
