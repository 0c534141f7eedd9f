// The farm fixture for vitest: each farm has its own database in the PostgreSQL of the run.
import { afterAll, beforeAll, test } from 'vitest'
import { type FarmOptions, TestFarm } from './farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'

export const bothQueues = ['redis', 'postgres'] as const

/**
 * A test with its own farm. Such a test mostly waits, so it runs at the same time as the other tests of its file.
 * `limitMs` is for a test that takes longer than the limit of all tests.
 */
export const farmTest = (
  sentence: string,
  options: FarmOptions,
  act: (farm: TestFarm) => Promise<void>,
  limitMs?: number,
): void =>
  test.concurrent(sentence, { ...(limitMs === undefined ? {} : { timeout: limitMs }) }, async () => {
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

/** One farm for all tests of a file or a describe. These tests must not stop its server or its Redis. */
export function sharedFarm(options: FarmOptions = {}): () => TestFarm {
  let farm: TestFarm | undefined
  let database: TestDatabase | undefined
  beforeAll(async () => {
    database = await createTestDatabase()
    farm = await TestFarm.open({ databaseUrl: database.url, ...options })
  })
  afterAll(() => closeAll(farm, database))
  return () => {
    if (!farm) throw new Error('the farm opens before the first test: call this inside a test')
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
