import { defineConfig } from 'vitest/config'

/** For `./farm hosts` only: it takes too long to be a part of `npm test`. */
export default defineConfig({
  test: {
    name: 'hosts',
    root: `${import.meta.dirname}/..`,
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    include: ['hosts/*.emulated.ts'],
    reporters: ['verbose'],
    // Emulation is work for a processor; the waits between are not.
    maxConcurrency: Number(process.env.HOSTS_AT_ONCE ?? 4),
    hookTimeout: 60_000,
  },
})
