import { bundleFarm } from './server-process.ts'

/** A globalSetup for vitest and for Playwright: what the farm fixture runs is what the sources say now. */
export default bundleFarm
