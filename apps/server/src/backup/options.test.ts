import { expect, test } from 'vitest'
import { readBackupOptions } from './options.ts'

test.each([
  [['f.tar'], { verb: 'backup', file: '/home/x/f.tar', logs: undefined }],
  [['-'], { verb: 'backup', file: undefined }],
  [['s3://b/f.tar'], { verb: 'backup', file: 's3://b/f.tar' }],
  [['s3:/b/f.tar'], { verb: 'backup', file: 's3:/b/f.tar' }],
  [['--logs', '../logs', '/b/f.tar'], { verb: 'backup', file: '/b/f.tar', logs: '/home/logs' }],
  [['--verify', 'f.tar'], { verb: 'verify', file: '/home/x/f.tar' }],
] as const)('./farm backup understands %j', (args, expected) => {
  expect(readBackupOptions('backup', [...args], '/home/x')).toMatchObject(expected)
})

test.each([
  ['backup', [], 'give one FILE'],
  ['backup', ['a', 'b'], 'give one FILE'],
  ['backup', ['a', '--logs', 's3://b/logs'], '--logs needs a directory'],
  ['backup', ['a', '--replace'], 'usage: ./farm backup FILE'],
  ['backup', ['--verify', '-'], 'write the backup to a file first'],
  ['restore', ['-'], 'write the backup to a file first'],
  ['restore', ['a', '--verify'], 'usage: ./farm restore FILE'],
] as const)('./farm %s refuses %j', (verb, args, message) => {
  expect(() => readBackupOptions(verb, [...args], '/')).toThrow(message)
})
