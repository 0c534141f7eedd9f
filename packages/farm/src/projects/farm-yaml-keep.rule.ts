import { keepLastDefault, type ProjectKeep, type WrittenKeep } from '@rumpfarm/contracts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

const daysOf = { d: 1, w: 7, y: 365 }
const daysMax = 36_500
const timeKeys = ['logs', 'artifacts', 'failures', 'builds'] as const

/** The days of a time such as `90d`, `12w` or `2y`; Infinity for `all`. */
function readDays(text: string): number {
  const [, count, unit] = /^(\d+)([dwy])$/.exec(text) ?? []
  return count === undefined ? Number.POSITIVE_INFINITY : Number(count) * daysOf[unit as keyof typeof daysOf]
}

/**
 * The key `keep` of a project with its defaults. A key that the project does not have comes from the map beside
 * `projects`. Returns undefined if the farm keeps everything.
 */
export function fillInKeep(own: WrittenKeep | undefined, farmWide?: WrittenKeep | undefined): ProjectKeep | undefined {
  if (!own && !farmWide) return undefined
  const { logs = 'all', artifacts = 'all', builds = 'all', failures = 'same', last } = { ...farmWide, ...own }
  const buildDays = readDays(builds)
  const failed = (days: number): number => {
    if (failures === 'same') return days
    return failures === 'longer' ? buildDays : Math.max(days, readDays(failures))
  }
  const days = {
    logsDays: readDays(logs),
    artifactsDays: readDays(artifacts),
    failedLogsDays: failed(readDays(logs)),
    failedArtifactsDays: failed(readDays(artifacts)),
    buildsDays: buildDays,
  }
  const limited = Object.entries(days).map(([key, value]) => [key, Math.min(value, buildDays)] as const)
  return {
    ...Object.fromEntries(limited.filter(([, value]) => Number.isFinite(value))),
    lastPerCell: last === undefined ? keepLastDefault : Number.parseInt(last, 10),
  }
}

/** Errors of one map `keep`. Its times must not contradict each other. */
export function keepFindings(keep: WrittenKeep | undefined): Finding[] {
  if (!keep) return []
  const finding = (key: keyof WrittenKeep, expected: string): Finding => ({
    path: ['keep', key],
    at: 'value',
    found: show(keep[key]),
    expected,
  })
  const long = timeKeys.flatMap(key => {
    const days = readDays(keep[key] ?? 'all')
    return Number.isFinite(days) && days > daysMax ? [finding(key, 'all, or from 1d to 100y')] : []
  })
  return long.length > 0 ? long : [...beyondBuilds(keep, finding), ...shortFailures(keep, finding)]
}

type MakeFinding = (key: keyof WrittenKeep, expected: string) => Finding

function beyondBuilds(keep: WrittenKeep, finding: MakeFinding): Finding[] {
  const { builds = 'all' } = keep
  return (['logs', 'artifacts', 'failures'] as const).flatMap(key => {
    const written = keep[key]
    if (written === undefined || written === 'same' || written === 'longer') return []
    return readDays(written) > readDays(builds)
      ? [finding(key, `at most ${builds}, because the farm deletes a build with its logs and artifacts`)]
      : []
  })
}

function shortFailures(keep: WrittenKeep, finding: MakeFinding): Finding[] {
  const { failures = 'same' } = keep
  if (failures === 'same' || failures === 'longer') return []
  const longest = (['logs', 'artifacts'] as const).filter(key => readDays(keep[key] ?? '1d') > readDays(failures))
  return longest.slice(0, 1).map(key => finding('failures', `same, longer, or at least ${keep[key]}, as for ${key}`))
}
