import { defineConfig } from 'vitest/config'

// Most of a scenario is waiting, but two cores are common: four agents at once is enough.
export default defineConfig({
  test: { name: 'agent', maxConcurrency: 2, maxWorkers: 2, testTimeout: 40_000, sequence: { groupOrder: 1 } },
})
