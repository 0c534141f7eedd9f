import { bundleFarm } from './server-process.ts'

/** A globalSetup for vitest and Playwright: it bundles the current sources for the farm fixture. */
export default bundleFarm
