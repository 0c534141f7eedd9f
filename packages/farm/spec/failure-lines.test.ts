// The whole way of a failure: the log that the agent sends, the end of the attempt, the examination, and the stored row.
import type { FinishReason } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { attemptOf, commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

interface Run {
  /** The output of each step that ended. The exit code of the last step is `exit`. */
  outputs: ((work: string) => string)[]
  exit: number
  reason?: FinishReason
}

const limits = { ...project().limits, logBytes: 100_000 }
let claims = 0

/** Builds a commit with this output, examines the attempt, and returns its failure. */
async function run(farm: TestFarm, host: HostHandle, letter: string, { outputs, exit, reason = 'exit' }: Run) {
  await farm.build(commitOf(letter))
  const offer = (await host.claim(++claims)) as Offer
  const id = attemptOf(offer)
  const texts = outputs.map(output => output(`/home/farm/work/attempt-${offer.attempt}`))
  const log = Buffer.from(texts.join(''))
  await farm.say(host, offer, log.toString())
  const ends = texts.map((_, index) => ({
    exit: index === texts.length - 1 ? exit : 0,
    milliseconds: 5,
    logBytes: Buffer.byteLength(texts.slice(0, index + 1).join('')),
  }))
  const steps = reason === 'exit' ? ends : ends.slice(0, -1)
  const finish = { ...id, hostId: host.id, lease: offer.lease, reason, steps, logBytes: log.length, checksum: null }
  expect(await farm.attempts.finish(finish)).toMatchObject({ kind: 'finished' })
  await farm.failures.examine(id)
  return farm.failures.find(id)
}

const configure = 'checking for cc... cc\r\nchecking for error.h... no\r\n'
const error = (work: string) =>
  `cc -Werror -c vm.c\n${work}/sample/sys/vm.c: In function ‘uvm_init’:\n` +
  `\x1b[1m${work}/sample/sys/vm.c:1123:7: \x1b[31merror: \x1b[0m‘uvmexp’ undeclared\n` +
  `${work}/sample/sys/vm.c:1130:7: error: ‘other’ undeclared\n*** [vm.o] Error code 1\n`

farmTest('the failing step’s error is stored with its line, its excerpt and its fingerprint', async ({ farm }) => {
  await farm.configure(project({ limits, confirm: 0 }))
  const vax = await farm.host('vaxhost')
  const failure = await run(farm, vax, 'a', { outputs: [() => configure, error], exit: 2 })

  const work = '/home/farm/work/attempt-1.1'
  expect(failure).toMatchObject({
    step: 'build',
    exit: 2,
    rule: 'C1',
    line: 5,
    message: `${work}/sample/sys/vm.c:1123:7: error: ‘uvmexp’ undeclared`,
    text: "sys/vm.c: error: 'uvmexp' undeclared",
    errors: 2,
    others: [{ line: 6, text: `${work}/sample/sys/vm.c:1130:7: error: ‘other’ undeclared` }],
    fromHost: false,
  })
  expect(failure?.excerpt).toMatchObject({ firstLine: 4, lines: { length: 4 } })
  expect(failure?.excerpt.lines[0]).toBe(`${work}/sample/sys/vm.c: In function ‘uvm_init’:`)

  const again = await run(farm, vax, 'b', { outputs: [() => configure, error], exit: 2 })
  expect(again?.fingerprint, 'another work directory').toBe(failure?.fingerprint)
})

farmTest('a line with a work path that the passing run printed too does not win', async ({ farm }) => {
  await farm.configure(project({ limits, confirm: 0 }))
  const vax = await farm.host('vaxhost')
  const probe = (work: string) => `${work}/sample/lib/probe/p.c:1:1: error: no such header\n`
  await run(farm, vax, 'a', { outputs: [() => '', probe, () => ''], exit: 0 })

  const outputs = [() => '', (work: string) => `${probe(work)}cc: a.c\n${error(work)}`]
  expect(await run(farm, vax, 'b', { outputs, exit: 2 })).toMatchObject({ errors: 2, line: 5 })
})

farmTest('the recipe’s own patterns decide which lines are errors', async ({ farm }) => {
  await farm.configure(project({ limits, confirm: 0, errors: ['^>> ERROR:'], ignore: ['sys/vm\\.c:'] }))
  const vax = await farm.host('vaxhost')
  const outputs = [() => '', (work: string) => `${error(work)}>> ERROR:\n>> Your compiler is too old\n`]
  const failure = await run(farm, vax, 'a', { outputs, exit: 1 })
  expect(failure).toMatchObject({ rule: 'errors', message: '>> ERROR: >> Your compiler is too old', line: 6 })
})

farmTest('all timeouts of a step are the same failure', async ({ farm }) => {
  await farm.configure(project({ limits, confirm: 0 }))
  const vax = await farm.host('vaxhost')
  const timedOut = (output: string, reason: FinishReason) => ({
    outputs: [() => 'ok\n', () => output],
    exit: 0,
    reason,
  })
  const one = await run(farm, vax, 'a', timedOut('linking 1\nlinking 2\n', 'wall-limit'))
  const other = await run(farm, vax, 'b', timedOut('', 'silence-limit'))
  expect(one).toMatchObject({ rule: 'timeout', step: 'build', exit: null, message: 'linking 2', line: 3 })
  expect(other).toMatchObject({ rule: 'timeout', message: 'timed out: build', line: null })
  expect(other?.fingerprint).toBe(one?.fingerprint)
})

farmTest('a log of bytes that PostgreSQL cannot store as text is examined', async ({ farm }) => {
  await farm.configure(project({ limits, confirm: 0 }))
  const vax = await farm.host('vaxhost')
  const outputs = [() => '', () => 'a.c:1:1: error: \0\x01\ud800 odd\n\x1b]0;\x07']
  expect(await run(farm, vax, 'a', { outputs, exit: 1 })).toMatchObject({ rule: 'C1', line: 1 })
})
