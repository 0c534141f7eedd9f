import { expect, inject, test } from 'vitest'
import { missingSql } from '../prisma/migration.ts'

test('the migrations give exactly the tables of schema.prisma', async () => {
  expect(await missingSql(inject('postgresUrl'))).toBe('')
})
