import { expect, test, vi } from 'vitest'
import { sharedBus, topics } from './bus.ts'
import type { WireEvents } from './wire.ts'

/** A wire between buses, which can be cut at one end. */
function openNetwork() {
  const ends = new Set<WireEvents & { cut: boolean }>()
  return (events: WireEvents) => {
    const end = { ...events, cut: false }
    ends.add(end)
    const wire = {
      bytesMax: 1_000,
      send: async (text: string) => {
        if (end.cut) throw new Error('cut')
        for (const other of ends) if (!other.cut) other.received(text)
      },
      close: async () => void ends.delete(end),
    }
    return Object.assign(wire, { end })
  }
}

/** Two servers that hear each other. `changes` counts the changes that each one received. */
async function twoServers() {
  vi.useFakeTimers()
  const connect = openNetwork()
  const wires: ReturnType<typeof connect>[] = []
  const changes = [0, 0]
  const [one, two] = [0, 1].map(number => {
    const bus = sharedBus(`server-${number}`, events => {
      const wire = connect(events)
      wires.push(wire)
      return wire
    })
    bus.subscribe(topics.matrix, () => {
      changes[number] = (changes[number] ?? 0) + 1
    })
    return bus
  }) as [ReturnType<typeof sharedBus>, ReturnType<typeof sharedBus>]
  await vi.advanceTimersByTimeAsync(5_000)
  changes.fill(0)
  const close = async () => {
    await Promise.all([one.close(), two.close()])
    vi.useRealTimers()
  }
  return {
    one,
    two,
    wires: wires.map(({ end }) => end) as [WireEvents & { cut: boolean }, ...unknown[]],
    changes,
    close,
  }
}

test('a change while the sender has no connection reaches the other server when the connection is back', async () => {
  const { one, wires, changes, close } = await twoServers()
  wires[0].cut = true
  one.publish(topics.matrix)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(changes).toEqual([1, 0])
  wires[0].cut = false
  await vi.advanceTimersByTimeAsync(2_500)
  expect(changes).toEqual([1, 1])
  await close()
})

test('a change while the receiver has no connection reaches it when its connection is back', async () => {
  const { two, wires, changes, close } = await twoServers()
  wires[0].cut = true
  two.publish(topics.matrix)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(changes).toEqual([0, 1])
  wires[0].cut = false
  wires[0].ready()
  expect(changes[0]).toBe(1)
  await close()
})

test('without a loss, servers send no changes of their own', async () => {
  const { changes, close } = await twoServers()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(changes).toEqual([0, 0])
  await close()
})
