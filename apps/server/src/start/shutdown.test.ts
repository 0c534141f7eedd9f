import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openEnding, type Part } from './shutdown.ts'

let said: string[]

beforeEach(() => {
  said = []
  vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
})

const open = (...services: Part[]) => {
  const ending = openEnding(line => said.push(line))
  for (const part of services) ending.add(part)
  return ending
}

const part = (name: string): Part => ({ name, stop: async () => {} })

/** Ends only when it is hastened. */
const stubborn: Part = {
  name: 'a slow one',
  stop: hasten => new Promise(resolve => hasten.addEventListener('abort', () => resolve(), { once: true })),
}

test('what came last ends first, each with a line, and the exit code is the one asked for', async () => {
  await open(part('PostgreSQL'), part('the server'), part('the host')).end(1)

  expect(said).toEqual(['the host has stopped', 'the server has stopped', 'PostgreSQL has stopped'])
  expect(process.exit).toHaveBeenCalledWith(1)
})

test('a signal ends everything, and says so', async () => {
  const { begun } = open(part('the server'))
  process.emit('SIGTERM')

  await vi.waitFor(() => expect(process.exit).toHaveBeenCalledWith(0))
  expect(begun.aborted).toBe(true)
  expect(said.at(-1)).toBe('the server has stopped')
})

test('npm’s echo of a Ctrl-C does not hasten, a second Ctrl-C does', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  open(stubborn)
  process.emit('SIGINT')
  process.emit('SIGINT')
  await Promise.resolve()
  expect(said.at(-1)).not.toContain('stopped')

  vi.setSystemTime(Date.now() + 600)
  process.emit('SIGINT')
  await vi.waitFor(() => expect(said.at(-1)).toBe('a slow one has stopped'))
  vi.useRealTimers()
})
