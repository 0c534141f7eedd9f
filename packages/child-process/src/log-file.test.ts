import { expect, test } from 'vitest'
import { plainLine } from './log-file.ts'

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
