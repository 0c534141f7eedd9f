import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'connectors', testTimeout: 60_000 } })
