import { type Bus, topics } from './bus.ts'

/** Longer than the pause between two "watched" messages of a live page (5 s), so that one lost message costs nothing. */
const watchedMs = 12_000

/** Which logs somebody looks at now, on whichever server: their hosts are asked to report more often. */
export interface Viewers {
  hasViewers(attempt: string): boolean
  close(): void
}

export function openViewers(bus: Bus): Viewers {
  const until = new Map<string, number>()
  const unsubscribe = bus.subscribe(topics.watched, attempt => {
    for (const [name, time] of until) if (time < Date.now()) until.delete(name)
    until.set(attempt, Date.now() + watchedMs)
  })
  return { hasViewers: attempt => (until.get(attempt) ?? 0) > Date.now(), close: unsubscribe }
}
