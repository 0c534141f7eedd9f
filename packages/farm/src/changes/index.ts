import type { Contexts } from '../context.ts'
import { changesSince } from './change-queries.ts'

export type { CellSummary, Changes, RemovedCell } from './change-queries.ts'

/** What changed in the farm, for programs that follow it. */
export const changeMethods = ({ pages, listing }: Contexts) => ({
  /** The builds, jobs and cells that changed since an earlier answer; by default in the last seconds. */
  since: (earlier?: Date) => listing(() => changesSince(pages, earlier)),
})
