import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openShutdown, type Part } from './shutdown.ts'

let printed: string[]

beforeEach(() => {
  printed = []
  vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
})

const open = (...parts: Part[]) => {
  const shutdown = openShutdown(line => printed.push(line))
  for (const part of parts) shutdown.add(part)
  return shutdown
}

const part = (name: string): Part => ({ name, stop: async () => {} })

/** A part that stops only when the user presses Ctrl-C again. */
const slow: Part = {
  name: 'a slow part',
  stop: hurry => new Promise(resolve => hurry.addEventListener('abort', () => resolve(), { once: true })),
}

test('the newest part stops first, the terminal shows a line for each part, and the exit code is the given code', async () => {
  await open(part('PostgreSQL'), part('the server'), part('the host')).end(1)

  expect(printed).toEqual(['the host has stopped', 'the server has stopped', 'PostgreSQL has stopped'])
  expect(process.exit).toHaveBeenCalledWith(1)
})

test('a signal stops every part, and the terminal shows a line for each part', async () => {
  const { signal } = open(part('the server'))
  process.emit('SIGTERM')

  await vi.waitFor(() => expect(process.exit).toHaveBeenCalledWith(0), { timeout: 20_000 })
  expect(signal.aborted).toBe(true)
  expect(printed.at(-1)).toBe('the server has stopped')
})

test('a second Ctrl-C makes the shutdown faster, but npm’s copy of the first signal does not', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  open(slow)
  process.emit('SIGINT')
  process.emit('SIGINT')
  await Promise.resolve()
  expect(printed.at(-1)).not.toContain('stopped')

  vi.setSystemTime(Date.now() + 600)
  process.emit('SIGINT')
  await vi.waitFor(() => expect(printed.at(-1)).toBe('a slow part has stopped'), { timeout: 20_000 })
  vi.useRealTimers()
})
