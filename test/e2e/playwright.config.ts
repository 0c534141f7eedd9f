import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

const candidates = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'].flatMap(name =>
  (process.env.PATH ?? '').split(':').map(directory => `${directory}/${name}`),
)
const system = candidates.find(path => existsSync(path))

export default defineConfig({
  testMatch: '*.e2e.ts',
  outputDir: '../test-results',
  globalSetup: '../support/bundle-setup.ts',
  fullyParallel: false,
  workers: 1, // two cores are too few for a second server and PostgreSQL
  timeout: 180_000,
  expect: { timeout: 45_000 },
  // A trace of each test would take a sixth of the CPU time. `./farm test` makes traces when it repeats a file that failed.
  use: {
    launchOptions: {
      // Prefers the system's Chromium, because Playwright's download can be unavailable.
      ...(system ? { executablePath: system } : {}),
      // Chromium refuses to run its sandbox as root.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
})
