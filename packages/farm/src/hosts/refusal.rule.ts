import { tooOld } from './agent-version.rule.ts'

const hostCodes = ['disk-full', 'host-conf', 'hours'] as const

/** Why a host takes no jobs now. `other` means that the host sent a code that is not in this list. */
export type RefusalCode = (typeof hostCodes)[number] | 'agent-too-old' | 'other'

interface Refusal {
  refusal: string | null
  refusalCode: RefusalCode | null
}

/**
 * The farm's reason has priority over the host's reason. A host sends its code as the first word
 * (docs/agent-protocol.md, claim).
 */
export function refusalOf(
  host: { agentVersion: string; refusal: string | null },
  versionMin: string | undefined,
): Refusal {
  const old = tooOld(host.agentVersion, versionMin)
  if (old !== null) return { refusal: old, refusalCode: 'agent-too-old' }
  if (host.refusal === null) return { refusal: null, refusalCode: null }
  const word = host.refusal.split(' ')[0]
  return { refusal: host.refusal, refusalCode: hostCodes.find(code => code === word) ?? 'other' }
}
