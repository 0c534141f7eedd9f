import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { TestJob } from '../support/jobs.ts'
import { eventually } from '../support/waiting.ts'

/**
 * A job that prints a line every 0.1 s until the file `stop` exists. It also writes each line to the file `copy`, so
 * that the test can compare the log at the farm with this file.
 */
export const talking = (files: { copy: string; stop: string }) => `
say() { echo "$1"; echo "$1" >>"${files.copy}"; }
while [ ! -e "${files.stop}" ]; do say "$(date +%s%3N) of process $$"; sleep 0.1; done
say end
`

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch {
    return [] // the job has not begun
  }
}

/** Waits until the job has printed this many more lines on the host. The farm may not have them yet. */
export async function saysMore(copy: string, lines: number): Promise<void> {
  const before = linesOf(copy).length
  await eventually(`${lines} more lines`, () => linesOf(copy).length >= before + lines || undefined, 90_000)
}

/** Checks that one process printed the complete log, without long pauses. */
export async function expectUnbroken(job: TestJob, copy: string, milliseconds = 4_000): Promise<void> {
  expect((await job.log()).toString()).toBe(readFileSync(copy, 'utf8'))
  const said = linesOf(copy).slice(0, -1)
  expect(new Set(said.map(line => line.split(' ').at(-1))).size).toBe(1)
  const times = said.map(line => Number(line.split(' ')[0]))
  const silences = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  expect(Math.max(...silences)).toBeLessThan(milliseconds)
}
