import { defineConfig } from 'vitest/config'

// Two cores are common: more agents at once would only measure each other.
export default defineConfig({ test: { name: 'agent', maxConcurrency: 3, fileParallelism: false, testTimeout: 40_000 } })
