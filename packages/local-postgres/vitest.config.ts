import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'local-postgres', testTimeout: 30_000 } })
