import type { ProjectConfig, Verdict } from '@rumpfarm/contracts'
import { matcher, remembered } from '../projects/patterns.rule.ts'

interface Ending {
  verdict: Verdict
  failedStep: string | null
}

/**
 * Why a cell of this variant is known to fail, as farm.yaml has it; null where nothing is known. Of one that failed: only if
 * this is the failure that is known. A lost or broken attempt says nothing of the software, and is never known.
 */
export function knownFailures(
  { knownFailures = [] }: ProjectConfig,
  variant: string,
): (host: string, arch: string, ending: Ending) => string | null {
  const places = knownFailures
    .filter(({ variants }) => matcher(variants)(variant))
    .map(({ hosts, arches, step, because }) => {
      return { hosts: remembered(matcher(hosts)), arches: remembered(matcher(arches)), step, because }
    })
  return (host, arch, ending) => {
    const known = places.find(place => place.hosts(host) && place.arches(arch) && isKnown(ending, place.step))
    return known?.because ?? null
  }
}

const isKnown = ({ verdict, failedStep }: Ending, step: string | undefined): boolean => {
  if (verdict !== 'failed' && verdict !== 'timed-out') return verdict === 'passed'
  return step === undefined || step === failedStep
}
