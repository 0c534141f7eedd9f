import { expect, test } from 'vitest'
import { localBus, topics } from '../../../events/bus.ts'
import { AttemptFeeds } from './attempt-feed.tsx'
import { countingBus, fakeStream, finished, oneAttempt, plain, stepEnd } from './live.fixture.ts'

test('a live page receives the log from its position to the end, section by section', async () => {
  const bus = countingBus()
  const viewed: string[] = []
  bus.subscribe(topics.viewed, attempt => viewed.push(attempt))
  const { farm, change } = oneAttempt(bus)
  change('one\ntw')
  const { stream, events } = fakeStream()
  const following = new AttemptFeeds({ farm, bus }).follow(stream, {
    publicPath: '',
    attempt: { jobId: 7, number: 1 },
    position: { offset: 4, line: 2 },
  })
  change('o\nthree\n', { steps: [stepEnd('configure', 0, 8)], ...finished })
  await following
  const logs = events.filter(({ event }) => event === 'log')
  expect(logs.map(({ data }) => plain(data)).join('')).toBe(' 2 two\n  3 three\n ')
  expect(logs.at(-1)?.id).toBe('0:14:4')
  expect(events.filter(({ event }) => event === 'section').map(({ data }) => /id="([^"]*)"/.exec(data)?.[1])).toEqual([
    'step-configure',
    'step-build',
  ])
  expect(events.at(-1)?.event).toBe('finished')
  expect(viewed).toEqual(['7.1'])
  await untilTrue(() => bus.listeners() === 1) // the listener of the test
})

test('if a step ends while the server reads the job, the lines of the next step appear in its section', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('one\n')
  const { findJob } = farm.builds
  let reads = 0
  farm.builds.findJob = async id => {
    const job = await findJob(id)
    const before = job && { ...job, attempts: job.attempts.map(attempt => ({ ...attempt })) }
    if (++reads === 1) change('compiling\n', { steps: [stepEnd('configure', 0, 4)] })
    return before
  }
  const { stream, events } = fakeStream()
  const following = new AttemptFeeds({ farm, bus }).follow(stream, {
    publicPath: '',
    attempt: { jobId: 7, number: 1 },
    position: { offset: 0, line: 1 },
  })
  while (!events.some(({ data }) => data.includes('compiling'))) await new Promise(resolve => setImmediate(resolve))
  change('', finished)
  await following
  const shown = events.filter(({ event }) => event === 'section' || event === 'log')
  expect(shown.map(({ event, data }) => (event === 'log' ? plain(data) : /id="([^"]*)"/.exec(data)?.[1]))).toEqual([
    'step-configure',
    ' 1 one\n ',
    'step-build',
    ' 2 compiling\n ',
  ])
})

test('the server sends an unfinished line, and sends the line again when it is complete', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('50%')
  const { stream, events } = fakeStream()
  const following = new AttemptFeeds({ farm, bus }).follow(stream, {
    publicPath: '',
    attempt: { jobId: 7, number: 1 },
    position: { offset: 0, line: 1 },
  })
  while (!events.some(({ event }) => event === 'log')) await new Promise(resolve => setImmediate(resolve))
  change(' done\n', finished)
  await following
  const logs = events.filter(({ event }) => event === 'log')
  expect(logs.map(({ id, data }) => [id, plain(data)])).toEqual([
    ['0:0:1', ' 1 50%\n '],
    ['0:9:2', ' 1 50% done\n '],
  ])
  expect(logs[0]?.data).toContain('class="line tail"')
})

test('the browser reloads a page that has more of the log than the server', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('one\n')
  const { stream, events } = fakeStream()
  await new AttemptFeeds({ farm, bus }).follow(stream, {
    publicPath: '',
    attempt: { jobId: 7, number: 1 },
    position: { offset: 900, line: 2 },
  })
  expect(events.at(-1)?.event).toBe('reload')
})

const attempt = { jobId: 7, number: 1 }
const untilTrue = async (is: () => boolean) => {
  while (!is()) await new Promise(resolve => setImmediate(resolve))
}

/** A farm with one running attempt that many pages follow. `reads` counts the queries and the reads of the log. */
function watched(pages: number) {
  const bus = countingBus()
  const { farm, change } = oneAttempt(bus)
  const reads = { jobs: 0, logs: 0 }
  const { findJob } = farm.builds
  farm.builds.findJob = id => {
    reads.jobs++
    return findJob(id)
  }
  const { readLog } = farm.attempts
  farm.attempts.readLog = (...range) => {
    reads.logs++
    return readLog(...range)
  }
  const feeds = new AttemptFeeds({ farm, bus })
  const follow = (offset = 0, line = 1) => {
    const page = fakeStream()
    const following = feeds.follow(page.stream, { publicPath: '', attempt, position: { offset, line } })
    const has = (text: string) => page.events.some(({ data }) => plain(data).includes(text))
    return { ...page, following, has, end: () => page.events.at(-1)?.event }
  }
  return { bus, change, reads, follow, pages: Array.from({ length: pages }, () => follow()) }
}

test('fifty pages of one log cost the queries, reads and bytes of one page', async () => {
  const { bus, change, reads, pages } = watched(50)
  await untilTrue(() => pages.every(({ events }) => events.some(({ event }) => event === 'section')))
  Object.assign(reads, { jobs: 0, logs: 0 })
  change('a new line\n')
  await untilTrue(() => pages.every(({ has }) => has('a new line')))
  expect(reads.jobs).toBeLessThanOrEqual(2)
  expect(reads.logs).toBe(1)
  expect(new Set(pages.map(({ written }) => written.at(-1))).size).toBe(1)
  expect(bus.listeners()).toBe(1)
  change('', finished)
  await Promise.all(pages.map(({ following }) => following))
  expect(pages.map(({ end }) => end())).toEqual(pages.map(() => 'finished'))
  await untilTrue(() => bus.listeners() === 0)
})

test('a page that begins later receives the same lines, and then shares the work of the others', async () => {
  const { change, reads, follow, pages } = watched(2)
  change('one\ntwo\n')
  await untilTrue(() => pages.every(({ has }) => has('two')))
  const late = follow(4, 2)
  await untilTrue(() => late.has('two'))
  expect(late.has('one')).toBe(false)
  reads.logs = 0
  change('three\n')
  await untilTrue(() => [...pages, late].every(({ has }) => has('3 three')))
  expect(reads.logs).toBe(1)
  for (const { close } of [...pages, late]) close()
})

test('a page that does not read holds one piece in memory, delays no other page, and later receives all lines', async () => {
  const { change, pages } = watched(2)
  const [slow, fast] = pages as [(typeof pages)[0], (typeof pages)[0]]
  change('line 1\n')
  await untilTrue(() => pages.every(({ has }) => has('line 1')))
  slow.reading.isBehind = true
  const held = slow.written.length
  for (const number of [2, 3, 4, 5]) {
    change(`line ${number}\n`)
    await untilTrue(() => fast.has(`line ${number}`))
  }
  expect(slow.written.length).toBe(held)
  slow.reading.isBehind = false
  slow.reading.drain()
  await untilTrue(() => slow.has('line 5'))
  const lines = (page: typeof slow) =>
    plain(
      page.events
        .filter(({ event }) => event === 'log')
        .map(({ data }) => data)
        .join(''),
    )
  expect(lines(slow)).toBe(lines(fast))
  for (const { close } of pages) close()
})

test('if a job prints faster than a page can show, the page leaves out lines and says which', async () => {
  const { change, pages } = watched(1)
  await untilTrue(() => pages.every(({ events }) => events.some(({ event }) => event === 'section')))
  const count = 100_000
  change(Array.from({ length: count }, (_, index) => `line of the job ${index + 1}\n`).join(''))
  const [page] = pages as [(typeof pages)[0]]
  await untilTrue(() => page.events.at(-1)?.data.includes(`line of the job ${count}`) === true)
  const text = plain(
    page.events
      .filter(({ event }) => event === 'log')
      .map(({ data }) => data)
      .join(''),
  )
  const [, last] = /Lines 1 to (\d+) are not shown here/.exec(text) ?? []
  expect(Number(last)).toBeGreaterThan(50_000)
  expect(text).toContain(` ${Number(last) + 1} line of the job ${Number(last) + 1}\n`)
  expect(text.length).toBeLessThan(500_000)
  for (const { close } of pages) close()
})

test('the ids of a log begin with its number on the connection', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('one\n', finished)
  const feeds = new AttemptFeeds({ farm, bus })
  const { stream, events } = fakeStream()
  const follow = (number: number) =>
    feeds.follow(stream, { publicPath: '', attempt, number, position: { offset: 0, line: 1 } })
  await Promise.all([follow(0), follow(7)])
  const ids = (kind: string) => events.filter(({ event }) => event === kind).map(({ id }) => id)
  expect(ids('log').sort()).toEqual(['0:4:2', '7:4:2'])
  expect(ids('finished').sort()).toEqual(['0', '7'])
})

test('if the farm cannot be read, every page learns it, and the next page starts again', async () => {
  const bus = localBus()
  const { farm } = oneAttempt(bus)
  const { findJob } = farm.builds
  farm.builds.findJob = async () => Promise.reject(new Error('no database'))
  const feeds = new AttemptFeeds({ farm, bus })
  const follow = () => {
    const page = fakeStream()
    return {
      ...page,
      following: feeds.follow(page.stream, { publicPath: '', attempt, position: { offset: 0, line: 1 } }),
    }
  }
  const outcomes = await Promise.allSettled([follow().following, follow().following])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  farm.builds.findJob = findJob
  const next = follow()
  await untilTrue(() => next.events.some(({ event }) => event === 'state'))
  bus.publish(topics.attempt('7.1'))
  next.close()
  await next.following
})
