import { expect, test } from 'vitest'
import { readStorageUrl } from './storage-url.ts'

test('the parts of STORAGE_URL', () => {
  expect(readStorageUrl('s3://farm')).toEqual({
    ...{ bucket: 'farm', prefix: '', endpoint: undefined, region: 'us-east-1' },
    ...{ encryption: undefined, kmsKey: undefined },
  })
  const all =
    's3://farm.example/a/b/?endpoint=http://127.0.0.1:9000&region=eu-1&encryption=aws:kms&kms-key=arn:aws:kms:1'
  expect(readStorageUrl(all)).toEqual({
    ...{ bucket: 'farm.example', prefix: 'a/b/', endpoint: 'http://127.0.0.1:9000', region: 'eu-1' },
    ...{ encryption: 'aws:kms', kmsKey: 'arn:aws:kms:1' },
  })
})

test.each([
  ['https://farm', /it is not an address such as s3:/],
  ['s3://', /it is not an address such as s3:/],
  ['s3://Über', /it is not an address such as s3:/],
  ['s3://key:hush@farm', /it has a user or a password: use AWS_ACCESS_KEY_ID/],
  ['s3://farm?secret=hush', /unknown parameter "secret"; the parameters are endpoint, region, encryption, kms-key/],
  ['s3://farm?endpoint=hush', /endpoint must be an address/],
  ['s3://farm?endpoint=http://key:hush@host', /endpoint must be an address/],
  ['s3://farm?encryption=rot13', /encryption must be AES256 or aws:kms/],
  ['s3://farm?kms-key=k', /kms-key needs encryption=aws:kms/],
  ['s3://farm/a b', /the path may have only letters/],
])('STORAGE_URL=%s is an error that does not show it', (text, message) => {
  expect(() => readStorageUrl(text)).toThrow(message)
  expect(() => readStorageUrl(text)).not.toThrow(/hush/)
})
