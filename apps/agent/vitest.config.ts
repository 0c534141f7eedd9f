import { defineConfig } from 'vitest/config'

// Most of a scene is waiting.
export default defineConfig({
  test: { name: 'agent', isolate: false, maxConcurrency: 4, testTimeout: 300_000, hookTimeout: 300_000 },
})
