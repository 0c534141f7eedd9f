import type { ProjectConfig, Verdict } from '@rumpfarm/contracts'
import { matcher, remembered } from '../projects/patterns.rule.ts'

interface Result {
  verdict: Verdict
  failedStep: string | null
}

/**
 * The reason from farm.yaml why a cell of this variant is expected to fail; null without an entry. If a cell failed,
 * the failed step must match the entry. A lost or broken attempt does not show whether the software works, so it is
 * never a known failure.
 */
export function knownFailures(
  { knownFailures = [] }: ProjectConfig,
  variant: string,
): (host: string, arch: string, result: Result) => string | null {
  const rules = knownFailures
    .filter(({ variants }) => matcher(variants)(variant))
    .map(({ hosts, arches, step, because }) => {
      return { hosts: remembered(matcher(hosts)), arches: remembered(matcher(arches)), step, because }
    })
  return (host, arch, result) => {
    const rule = rules.find(known => known.hosts(host) && known.arches(arch) && isKnown(result, known.step))
    return rule?.because ?? null
  }
}

const isKnown = ({ verdict, failedStep }: Result, step: string | undefined): boolean => {
  if (verdict !== 'failed' && verdict !== 'timed-out') return verdict === 'passed'
  return step === undefined || step === failedStep
}
