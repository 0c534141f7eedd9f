import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLog, plainLine, rotateLog, sizeOf } from './log-file.ts'

test('the log of a running process is emptied when it is large, and the process writes on', () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'server.log')
  const log = openLog(file)
  onTestFinished(() => closeSync(log))
  const write = (text: string) => spawnSync('printf', [text], { stdio: ['ignore', log, log] })
  write('0123456789')
  rotateLog(file, 10)
  expect(sizeOf(file)).toBe(10)
  write('more')
  rotateLog(file, 10)
  expect([sizeOf(file), readFileSync(`${file}.1`, 'utf8')]).toEqual([0, '0123456789more'])
  write('last')
  expect(readFileSync(file, 'utf8')).toBe('last')
})

test.each([
  ['{"level":30,"msg":"closing"}', 'closing'],
  [
    '{"level":50,"err":{"type":"Error","message":"no route","stack":"Error: no route\\n at x"},"msg":"a task failed"}',
    'a task failed: no route',
  ],
  ['{"level":40,"problem":"ECONNREFUSED","msg":"Redis cannot be reached"}', 'Redis cannot be reached: ECONNREFUSED'],
  ['{"level":40}', '{"level":40}'],
  ['{"level":40,"ms', '{"level":40,"ms'],
  ['rumpfarm: port 8080 is taken', 'rumpfarm: port 8080 is taken'],
])('an error message shows the log line %j as %j', (line, shown) => {
  expect(plainLine(line)).toBe(shown)
})
