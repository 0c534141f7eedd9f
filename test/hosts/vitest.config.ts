import { defineConfig } from 'vitest/config'

/** Only for `./farm hosts`: it takes too long for `npm test`. */
export default defineConfig({
  test: {
    name: 'hosts',
    root: `${import.meta.dirname}/..`,
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    include: ['hosts/*.emulated.ts'],
    reporters: ['verbose'],
    // Emulation uses the processor, and waits do not.
    maxConcurrency: Number(process.env.HOSTS_AT_ONCE ?? 4),
    hookTimeout: 60_000,
  },
})
