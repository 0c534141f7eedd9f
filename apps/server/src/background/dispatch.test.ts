import type { Queue } from 'bullmq'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { openDispatch, openMax } from './dispatch.ts'
import { openQueuedPages } from './queued-pages.ts'

/** A dispatch over queues in memory. `made` lists the queues that were opened, and `sent` the messages that were sent. */
function scene() {
  const stored = new Map<string, Set<string>>()
  const made: string[] = []
  const sent: string[] = []
  const queueOf = (name: string): Queue => {
    made.push(name)
    const messages = stored.get(name) ?? new Set<string>()
    stored.set(name, messages)
    const queue = {
      addBulk: async (jobs: { opts: { jobId: string } }[]) => {
        for (const { opts } of jobs) {
          sent.push(`${name} ${opts.jobId}`)
          messages.add(opts.jobId)
        }
      },
      getJob: async (id: string) => (messages.has(id) ? { id } : undefined),
      remove: async (id: string) => Number(messages.delete(id)),
    }
    return queue as unknown as Queue
  }
  return { dispatch: openDispatch({ family: () => queueOf }, pino({ level: 'silent' })), stored, made, sent }
}

const attempt = (hostId: number, name: string) => ({ hostId, attempt: name })

test('only attempts without a message get one', async () => {
  const { dispatch, sent } = scene()
  await dispatch.send([attempt(1, '1.1'), attempt(2, '2.1')])
  sent.length = 0
  await dispatch.sendMissing([attempt(1, '1.1'), attempt(1, '3.1'), attempt(2, '2.1'), attempt(3, '4.1')])
  expect(sent).toEqual(['host-1 3.1', 'host-3 4.1'])
})

test('a message that was removed is missing', async () => {
  const { dispatch, stored, sent } = scene()
  await dispatch.send([attempt(1, '1.1'), attempt(1, '1.2')])
  dispatch.remove([attempt(1, '1.1')])
  await vi.waitFor(() => expect(stored.get('host-1')).toEqual(new Set(['1.2'])), { timeout: 20_000 })
  sent.length = 0
  await dispatch.sendMissing([attempt(1, '1.1'), attempt(1, '1.2')])
  expect(sent).toEqual(['host-1 1.1'])
})

test('each host is notified once of its messages', async () => {
  const notified: number[] = []
  await scene().dispatch.send([attempt(1, '1.1'), attempt(2, '2.1'), attempt(1, '3.1')], hostId =>
    notified.push(hostId),
  )
  expect(notified).toEqual([1, 2])
})

test('20,000 queues stay open, and the one that was not used for the longest time is dropped first', async () => {
  const { dispatch, made } = scene()
  const use = (hostId: number) => dispatch.sendMissing([attempt(hostId, '1.1')])
  for (let hostId = 0; hostId < openMax; hostId++) await use(hostId)
  await use(0)
  expect(made).toHaveLength(20_000)
  await use(openMax) // drops the queue of host 1
  made.length = 0
  await use(0)
  await use(1)
  expect(made).toEqual(['host-1'])
})

test('the pages of the waiting attempts begin again after the last page', async () => {
  const pages = ['1.1', '2.1', '3.1'].map((name, index) => ({
    attempts: [attempt(1, name)],
    next: index < 2 ? { queuedAt: new Date(index), jobId: index } : undefined,
  }))
  const listQueued = vi.fn(async (after?: { jobId: number }) => pages[after ? after.jobId + 1 : 0])
  const queued = openQueuedPages({ listQueued } as never)
  const read = []
  for (let page = 0; page < 5; page++) read.push(...(await queued.next()))
  expect(read.map(({ attempt }) => attempt)).toEqual(['1.1', '2.1', '3.1', '1.1', '2.1'])
})
