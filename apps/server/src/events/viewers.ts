import { type Bus, topics } from './bus.ts'

/** The interval of the message `viewed` is 5 s. So the log still counts as viewed after one lost message. */
const viewingMs = 12_000

/** The logs that people view now, on any server. The hosts of these attempts send their logs more often. */
export interface Viewers {
  hasViewers(attempt: string): boolean
  close(): void
}

export function openViewers(bus: Bus): Viewers {
  const until = new Map<string, number>()
  const unsubscribe = bus.subscribe(topics.viewed, attempt => {
    for (const [name, time] of until) if (time < Date.now()) until.delete(name)
    until.set(attempt, Date.now() + viewingMs)
  })
  return { hasViewers: attempt => (until.get(attempt) ?? 0) > Date.now(), close: unsubscribe }
}
