import { Readable } from 'node:stream'
import type { AttemptView, Farm, JobView } from '@rumpfarm/farm'
import { type Bus, localBus, topics } from '../../../events/bus.ts'
import type { ServerEvent } from './server-event.ts'
import type { EventStream } from './stream.ts'

/** A bus that counts its listeners. */
export function countingBus(): Bus & { listeners: () => number } {
  const bus = localBus()
  let count = 0
  return {
    ...bus,
    subscribe(topic, listener) {
      const unsubscribe = bus.subscribe(topic, listener)
      count++
      return () => {
        count--
        unsubscribe()
      }
    },
    listeners: () => count,
  }
}

/** A stream to a browser that receives each event immediately, or only when the test says so. */
export function fakeStream() {
  const events: ServerEvent[] = []
  const written: Buffer[] = []
  const closing = new AbortController()
  const reading = { isBehind: false, drain: () => {} }
  const stream: EventStream = {
    send: async event => void events.push(event),
    write(bytes) {
      written.push(bytes)
      events.push(...eventsOf(bytes.toString()))
    },
    get isBehind() {
      return reading.isBehind
    },
    drained: () =>
      new Promise(resolve => {
        reading.drain = resolve
        closing.signal.addEventListener('abort', () => resolve())
      }),
    closed: closing.signal,
    end: () => closing.abort(),
  }
  return { stream, events, written, reading, close: () => closing.abort() }
}

const eventsOf = (text: string): ServerEvent[] =>
  text.split('\n\n').flatMap(block => {
    const valuesOf = (key: string) => [...block.matchAll(new RegExp(`^${key}: ?(.*)$`, 'gm'))].map(([, value]) => value)
    const [event] = valuesOf('event')
    if (event === undefined) return []
    const [id] = valuesOf('id')
    return [{ event, data: valuesOf('data').join('\n'), ...(id === undefined ? {} : { id }) }]
  })

export const stepEnd = (name: string, exit: number, logBytes: number) => ({ name, exit, milliseconds: 5, logBytes })

/** A farm with one attempt. `change` adds to its log and changes its fields. */
export function oneAttempt(bus: Bus) {
  let log = Buffer.alloc(0)
  const attempt = {
    number: 1,
    state: 'running',
    steps: [],
    startedAt: new Date(),
    queuedAt: new Date(),
    detail: null,
    failedStep: null,
    cancelRequestedAt: null,
    artifacts: [],
    artifactNote: null,
  } as unknown as AttemptView
  const recipe = { steps: ['configure', 'build'].map(name => ({ name, run: 'true' })) }
  const job = { id: 7, host: 'vax', recipe, attempts: [attempt], lastGood: null, verdict: null } as unknown as JobView
  const farm = {
    projects: { repositories: async () => new Map() },
    builds: { findJob: async () => job },
    testResults: { summary: async () => undefined },
    queue: { find: async () => undefined, expectation: async () => ({ expectedMs: null, steps: {} }) },
    attempts: {
      logSize: async () => log.length,
      readLog: (_id: unknown, start: number, end: number) => Readable.from([log.subarray(start, end)]),
    },
  } as unknown as Farm
  const change = (text: string | Buffer, changes: Partial<AttemptView> = {}) => {
    log = Buffer.concat([log, Buffer.from(text as string)])
    Object.assign(attempt, changes)
    bus.publish(topics.attempt('7.1'))
  }
  return { farm, change }
}

export const plain = (html: string) => html.replace(/<[^>]*>/g, ' ').replace(/ +/g, ' ')
export const finished = { state: 'finished', verdict: 'passed', finishedAt: new Date() } as const
