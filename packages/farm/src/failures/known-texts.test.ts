import { expect, test } from 'vitest'
import { collectKnownTexts, knownTextsMax } from './find-candidates.ts'
import { scanStep } from './scan-step.ts'
import { keepEnds } from './step-log.ts'

async function* chunk(text: string) {
  yield Buffer.from(text)
}

const known = async (log: string) => collectKnownTexts(await keepEnds(chunk(log), 1), {})

test('a line that a passing run printed too is no error', async () => {
  const passed = await known('probe.c:1:1: error: no such header\nold.c:2: odd text\nok\n')
  expect([...passed]).toEqual(['probe.c: error: no such header'])
  const log = 'probe.c:7:1: error: no such header\ny.c:1:1: error: new\n'
  const failure = await scanStep(chunk(log), { step: 'build', exit: 1, known: passed })
  expect(failure).toMatchObject({ message: 'y.c:1:1: error: new', errors: 1, others: [] })
})

test('positions without the word "error" are known too, if the passing run has no error', async () => {
  expect([...(await known('old.c:2: odd text\nok\n'))]).toEqual(['old.c: odd text'])
})

test('the farm remembers a limited number of lines of a passing run', async () => {
  const lines = Array.from({ length: knownTextsMax + 10 }, (_, index) => `x.c:1: error: 'name${index}' odd\n`)
  expect((await known(lines.join(''))).size).toBe(knownTextsMax)
})
