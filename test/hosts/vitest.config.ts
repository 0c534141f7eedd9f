import { defineConfig } from 'vitest/config'

/** Only `./farm machines` runs these tests, because they take too long for `npm test`. */
export default defineConfig({
  test: {
    name: 'hosts',
    root: `${import.meta.dirname}/..`,
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    include: ['hosts/*.emulated.ts'],
    reporters: ['verbose'],
    // Four scenarios run at once on two cores, because scenarios mostly wait.
    maxConcurrency: Number(process.env.HOSTS_AT_ONCE ?? 4),
    hookTimeout: 60_000,
  },
})
