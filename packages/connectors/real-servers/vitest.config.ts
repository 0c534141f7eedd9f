import { defineConfig } from 'vitest/config'

// These tests start servers that take seconds, so they run separately by `./farm notifiers`.
export default defineConfig({
  test: { name: 'real-servers', root: import.meta.dirname, testTimeout: 120_000, hookTimeout: 60_000 },
})
