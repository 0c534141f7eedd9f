import { expect, test } from 'vitest'
import { hostNameOf, lineForThisMachine } from './this-host.ts'

test.each([
  { hostname: 'vax', name: 'vax' },
  { hostname: 'vax.example.org', name: 'vax' },
  { hostname: 'Anna’s-MacBook', name: 'Anna-s-MacBook' },
  { hostname: '-odd', name: 'odd' },
  { hostname: 'x'.repeat(80), name: 'x'.repeat(60) },
  { hostname: '', name: 'this-machine' },
  { hostname: '…', name: 'this-machine' },
])('a machine called "$hostname" is the host "$name"', ({ hostname, name }) => {
  expect(hostNameOf(hostname)).toBe(name)
})

const line = 'curl -fsS http://127.0.0.1:8080/agent.sh | sh -s -- enroll rfi-1'

test('the farm’s line is run as it is', () => {
  expect(lineForThisMachine(line, true)).toBe(line)
})

test('without curl the same line runs with wget', () => {
  const withWget = 'wget -qO- http://127.0.0.1:8080/agent.sh | sh -s -- enroll rfi-1'
  expect(lineForThisMachine(line, false)).toBe(withWget)
})
