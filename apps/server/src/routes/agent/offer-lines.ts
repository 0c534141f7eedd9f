import type { WireLine } from '@rumpfarm/contracts'
import { branchForRules, type Offer } from '@rumpfarm/farm'

/** Writes a job as lines of the protocol: docs/agent-protocol.md, "Claim". */
export function offerLines(offer: Offer, publicUrl: string): WireLine[] {
  const { limits, steps } = offer.recipe
  const branch = branchForRules(offer.kind, offer.branch)
  return [
    ['attempt', offer.attempt],
    ['lease', offer.lease],
    ['project', offer.project],
    ...(branch === null ? [] : [['branch', branch] satisfies WireLine]),
    ['build', offer.buildId],
    ['arch', offer.arch],
    ['variant', offer.variant],
    ['wall', limits.wallSeconds],
    ['silence', limits.silenceSeconds],
    ['grace', limits.graceSeconds],
    ['logmax', limits.logBytes],
    ...offer.sources.map(
      ({ name, bytes, crc, sha256, md5 }): WireLine => [
        'source',
        `${name} ${bytes} crc:${crc} sha256:${sha256} md5:${md5}`,
      ],
    ),
    ['dir', offer.sources[0]?.name ?? '.'],
    ...offer.uploads.map((pattern): WireLine => ['artifact', pattern]),
    ...(offer.uploads.length > 0 ? [['filemax', offer.uploadsMax] satisfies WireLine] : []),
    ...offer.cache.map((path): WireLine => ['cache', path]),
    ...(offer.fork ? [['fork', 'yes'] satisfies WireLine] : []),
    ...Object.entries(environment(offer, publicUrl)).map(([key, value]): WireLine => ['env', `${key}=${value}`]),
    ...steps.flatMap(({ name, run }): WireLine[] => [['step', name], ...textLines(run)]),
  ]
}

export const textLines = (text: string): WireLine[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line): WireLine => ['|', line])

/** The environment of every step. The variables of the recipe come last, so they replace the farm's variables. */
const environment = (offer: Offer, publicUrl: string): Record<string, string> => ({
  CI: 'true',
  FARM_URL: publicUrl,
  FARM_PROJECT: offer.project,
  FARM_BUILD: String(offer.buildId),
  FARM_JOB: String(offer.jobId),
  FARM_ATTEMPT: offer.attempt,
  FARM_COMMIT: offer.commit,
  FARM_BRANCH: offer.branch ?? '',
  FARM_TAG: offer.tag ?? '',
  FARM_PULL_REQUEST: offer.pullRequest === null ? '' : String(offer.pullRequest),
  FARM_ARCH: offer.arch,
  FARM_VARIANT: offer.variant,
  ...offer.recipe.env,
})
