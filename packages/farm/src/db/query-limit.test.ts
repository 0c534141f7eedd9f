import { expect, test } from 'vitest'
import { fairLimits, NoTurn, perClientOf, type TurnLimits, Turns } from './query-limit.ts'

const limits: TurnLimits = { atOnce: 3, perClient: 2, waitMs: 1_000, waitingMax: 4, waitingPerClient: 2 }

/** Starts queries that end on request, and notes the order in which they began. */
function queriesOf(turns: Turns) {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const start = (client: string, options = {}) => {
    const turn = turns.begin({ client, ...options }).then(end => {
      begun.push(client)
      ends.push(end)
    })
    turn.catch(() => {})
    return turn
  }
  const endOne = async () => {
    ends.shift()?.()
    await new Promise(setImmediate)
  }
  return { begun, start, endOne }
}

const problemOf = async (turn: Promise<void>): Promise<unknown> => turn.then(() => undefined).catch(error => error)

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [6, 4],
  [10, 6],
])('of %i connections, one client can use %i', (atOnce, perClient) => expect(perClientOf(atOnce)).toBe(perClient))

test('a client that uses its part waits, and another client starts at once', async () => {
  const turns = new Turns(limits)
  const { begun, start, endOne } = queriesOf(turns)
  for (const client of ['a', 'a', 'a', 'b']) void start(client)
  await new Promise(setImmediate)
  expect([begun, turns.running, turns.waiting]).toEqual([['a', 'a', 'b'], 3, 1])
  await endOne()
  expect([begun, turns.running, turns.waiting]).toEqual([['a', 'a', 'b', 'a'], 3, 0])
})

test('clients that wait receive turns alternately', async () => {
  const { begun, start, endOne } = queriesOf(new Turns({ ...limits, atOnce: 1, perClient: 1, waitingMax: 9 }))
  for (const client of ['a', 'b', 'b', 'c', 'c']) void start(client)
  await new Promise(setImmediate)
  for (let ended = 0; ended < 4; ended++) await endOne()
  expect(begun).toEqual(['a', 'b', 'c', 'b', 'c'])
})

test('a query that waits too long is refused, and the error says whose queries are in the way', async () => {
  const turns = new Turns({ ...limits, waitMs: 20 })
  const { start } = queriesOf(turns)
  for (const client of ['a', 'a', 'b']) await start(client)
  const [own, other] = await Promise.all([problemOf(start('a')), problemOf(start('c'))])
  expect(own).toMatchObject({ own: true, message: expect.stringContaining('2 queries of this client are running') })
  expect(other).toMatchObject({ own: false, message: expect.stringContaining('3 queries of this kind are running') })
  expect([own instanceof NoTurn, turns.waiting, turns.running]).toEqual([true, 0, 3])
})

test('the numbers of queries that wait have limits, for each client and in total', async () => {
  const { start } = queriesOf(new Turns(limits))
  for (const client of ['a', 'a', 'b']) await start(client)
  for (const client of ['a', 'a']) void start(client)
  expect(await problemOf(start('a'))).toMatchObject({
    own: true,
    message: expect.stringContaining('2 more of this client wait'),
  })
  for (const client of ['c', 'd']) void start(client)
  expect(await problemOf(start('e'))).toMatchObject({ own: false, message: expect.stringContaining('4 more wait') })
})

test('a query whose reader leaves no longer waits', async () => {
  const turns = new Turns(fairLimits(1, 1_000))
  const { start, endOne } = queriesOf(turns)
  const gone = new AbortController()
  await start('a')
  const waiting = problemOf(start('b', { signal: gone.signal }))
  gone.abort()
  expect(await waiting).toMatchObject({ name: 'AbortError' })
  await endOne()
  expect([turns.running, turns.waiting]).toEqual([0, 0])
})

test('a query waits only as long as its request has time', async () => {
  const { start } = queriesOf(new Turns(fairLimits(1, 60_000)))
  await start('a')
  expect(await problemOf(start('b', { waitMs: 10 }))).toBeInstanceOf(NoTurn)
})
