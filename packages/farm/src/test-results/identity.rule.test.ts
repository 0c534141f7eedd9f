import { describe, expect, test } from 'vitest'
import { identityOf, noOwnStrings, numbered } from './identity.rule.ts'

const own = {
  directories: ['/home/farm/work/4711.2/src', '/home/farm/work/4711.2'],
  words: [
    { text: 'sparc64-netbsd', by: '<host>' },
    { text: 'amd64', by: '<arch>' },
  ],
}
const nameOf = (name: string) => identityOf(['s'], name, own, 500).name

describe('a test has the same identity on every host and in every run', () => {
  test.each([
    ['/home/farm/work/4711.2/src/t/a.t', 't/a.t'],
    ['reads /tmp/ccXa12/x.o twice', 'reads <tmp> twice'],
    ['on sparc64-netbsd', 'on <host>'],
    ['xamd64y and amd64', 'xamd64y and <arch>'],
    ['frees 0x7ffd0012ab', 'frees <hex>'],
    ['id 123e4567-e89b-12d3-a456-426614174000', 'id <id>'],
    ['/usr/src/tests/lib/libc/t_x', 'libc/t_x'],
    ['GET /api/v1', 'GET /api/v1'],
    ['test_a[a::b-0]', 'test_a[a::b-0]'],
    ['adds 1 and 2', 'adds 1 and 2'],
    ['two\n  lines', 'two lines'],
    ['', '(no name)'],
  ])('%s', (text, name) => expect(nameOf(text)).toBe(name))

  test('parameters differ, so the tests differ', () => {
    const key = (name: string) => identityOf([], name, noOwnStrings, 500).key
    expect(new Set(['t[1]', 't[2]', 't'].map(key)).size).toBe(3)
  })

  test('a suite and a name are not one text', () => {
    expect(identityOf(['a'], 'b', own, 500).key).not.toBe(identityOf([], 'a › b', own, 500).key)
  })

  test('a long name is cut, and two long names stay different', () => {
    const [one, other] = ['1', '2'].map(end => identityOf([], 'x'.repeat(600) + end, own, 500))
    expect([one?.name.length, one?.name === other?.name, one?.key === other?.key]).toEqual([500, true, false])
    expect(one && numbered(one, 2).key).not.toBe(other && numbered(other, 2).key)
  })
})
