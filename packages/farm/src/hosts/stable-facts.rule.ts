import type { HostFacts } from '@rumpfarm/contracts'

/** Facts that change by themselves, or that say nothing about the results of jobs. */
const unstable = new Set(['disk_mb', 'left_over', 'version', 'client', 'sum', 'cache_mb'])

/**
 * The facts that can change the result of a job, with the compiler of each arch as the fact `compiler ARCH`. The farm
 * keeps each change of these facts.
 */
export const stableFacts = (facts: HostFacts, arches: readonly { arch: string; compiler: string }[]): HostFacts =>
  Object.fromEntries([
    ...Object.entries(facts).filter(([name]) => !unstable.has(name)),
    ...arches.filter(({ compiler }) => compiler !== '').map(({ arch, compiler }) => [`compiler ${arch}`, compiler]),
  ])
