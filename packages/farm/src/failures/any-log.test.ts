import { expect, test } from 'vitest'
import { fingerprint } from './fingerprint.rule.ts'
import { scanStep } from './scan-step.ts'

/** A generator of pseudo-random numbers (mulberry32), so that a failure can be repeated. */
function randomNumbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const pieces = [
  ...[
    'x.c:1:2: error: ',
    "'name'",
    'make: *** [x.o] Error 1',
    'not ok 1 - ',
    'FAILED: x.o',
    '--- FAIL: T',
    'configure: error: ',
  ],
  ...[
    'In file included from a.h:1,',
    'x.c: In function ‘f’:',
    'undefined reference to `',
    'Undefined symbols for architecture x:',
  ],
  ...[
    'No space left on device',
    'Killed',
    'RuntimeError: ',
    'x.c:3: odd',
    '>> ERROR:',
    'harmless ',
    '(ignored)',
    '/tmp/ccAbCdEf.o: ',
  ],
  ...[
    '\n',
    '\n',
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\0',
    '\x1b[31m',
    '\x1b]0;',
    '\x07',
    '\ud800',
    '😀',
    '::1',
    '0x12',
    ' 12 s',
    '\u009b',
  ],
  'y'.repeat(700),
]

async function* chunksOf(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('every log gives a failure within its limits that the database can store', async () => {
  const random = randomNumbers(20_261_129)
  for (let run = 0; run < 400; run += 1) {
    const text = Array.from({ length: random(80) }, () => pieces[random(pieces.length)]).join('')
    const bytes = Buffer.from(text)
    const lines = text.split('\n').length
    const options = { step: 'build', exit: random(200), firstLine: 7, errors: ['^>> ERROR:$'], ignore: ['harmless'] }
    const failure = await scanStep(chunksOf(bytes, 1 + random(50)), options)
    const { line, message, text: normal, excerpt, others, errors, rule } = failure

    expect(failure.fingerprint, JSON.stringify(text)).toBe(fingerprint(rule, normal))
    expect(message.length <= 400 && normal.length <= 300 && others.length <= 10 && excerpt.lines.length <= 40).toBe(
      true,
    )
    expect(others.length).toBeLessThanOrEqual(Math.max(0, errors - 1))
    if (line !== null) {
      expect(line >= 7 && line < 7 + lines, JSON.stringify(text)).toBe(true)
      expect(line >= excerpt.firstLine && line < excerpt.firstLine + excerpt.lines.length, JSON.stringify(text)).toBe(
        true,
      )
    }
    const stored = JSON.stringify(failure)
    expect([stored.includes('\\u0000'), JSON.parse(stored).message.isWellFormed()], stored).toEqual([false, true])
  }
})
