import type { AttemptId } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { attemptTimes, buildTimes } from './attempt-times.ts'
import { readGauges } from './gauge-query.ts'

export type { AttemptTimes, BuildTimes } from './attempt-times.ts'
export type { Gauges, HostState } from './gauges.rule.ts'

/** Values for monitoring. */
export const metricMethods = ({ lookups, main }: Contexts) => ({
  /** The values of the whole farm, from one statement. Pages that use all their connections do not delay it. */
  gauges: () => readGauges(lookups),
  /** When the parts of an ended attempt began and ended. */
  attemptTimes: (attempt: AttemptId) => attemptTimes(main, attempt),
  /** What a build builds, and when somebody requested it. */
  buildTimes: (buildId: number) => buildTimes(main, buildId),
})
