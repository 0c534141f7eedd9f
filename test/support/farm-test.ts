// The farm fixture as vitest's tests use it, on databases of the run's own PostgreSQL.
import { afterAll, beforeAll, test } from 'vitest'
import { type FarmOptions, TestFarm } from './farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'

export const bothQueues = ['redis', 'postgres'] as const

/** A sentence about a farm that no other test touches. */
export const farmTest = (sentence: string, options: FarmOptions, act: (farm: TestFarm) => Promise<void>): void =>
  test(sentence, { timeout: 60_000 }, async () => {
    const database = await createTestDatabase()
    let farm: TestFarm | undefined
    try {
      farm = await TestFarm.open({ databaseUrl: database.url, ...options })
      await act(farm)
    } catch (error) {
      if (farm && error instanceof Error) error.message += `\n${farm.story()}`
      throw error
    } finally {
      await closeAll(farm, database)
    }
  })

/** One farm for all tests of a file or a describe: for those that do it no harm. */
export function sharedFarm(options: FarmOptions = {}): () => TestFarm {
  let farm: TestFarm | undefined
  let database: TestDatabase | undefined
  beforeAll(async () => {
    database = await createTestDatabase()
    farm = await TestFarm.open({ databaseUrl: database.url, ...options })
  })
  afterAll(() => closeAll(farm, database))
  return () => {
    if (!farm) throw new Error('the farm is there once the tests run')
    return farm
  }
}

async function closeAll(farm?: TestFarm, database?: TestDatabase): Promise<void> {
  try {
    await farm?.close()
  } finally {
    await database?.drop()
  }
}
