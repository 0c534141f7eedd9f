import type { FarmYaml, WrittenProject } from '@rumpfarm/contracts'
import { patternProblem } from '../failures/own-patterns.rule.ts'
import { readDuration, readPoll } from './durations.rule.ts'
import { cacheFindings } from './farm-yaml-cache.rule.ts'
import { keepFindings } from './farm-yaml-keep.rule.ts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'
import { fillInBisect, fillInLimits } from './farm-yaml-normal.rule.ts'
import { notifyFindings } from './farm-yaml-notify.rule.ts'
import { pushFindings } from './farm-yaml-push.rule.ts'
import { resultFindings } from './farm-yaml-results.rule.ts'
import { scheduleFindings } from './farm-yaml-schedules.rule.ts'
import { addressFindings, sourceFindings } from './farm-yaml-sources.rule.ts'
import { statusFindings } from './farm-yaml-status.rule.ts'

const lineBytesMax = 100_000
// The answer that offers a job has at most 4,096 lines. Some of these lines are not from the recipe.
const recipeLinesMax = 3000
// The agent protocol's limit for the text after a key.
const envLineBytesMax = 1000
export const limitRanges = {
  wall: ['wallSeconds', 1, 30 * 86_400, 'from 1s to 30d'],
  silence: ['silenceSeconds', 1, 30 * 86_400, 'from 1s to 30d'],
  grace: ['graceSeconds', 1, 300, 'from 1s to 5m'],
  'lost-after': ['lostAfterSeconds', 1, 30 * 86_400, 'from 1s to 30d'],
  log: ['logBytes', 1000, 999_999_999, 'from 1 kB to 999999999 B (the protocol counts in nine digits)'],
  artifacts: ['artifactBytes', 1000, 999_999_999, 'from 1 kB to 999999999 B (the protocol counts in nine digits)'],
} as const

/** Errors that a schema cannot describe. */
export const senseFindings = (file: FarmYaml): Finding[] => [
  ...notifyFindings(file.notify, true),
  ...notifyAfterFindings(file['notify-after']),
  ...keepFindings(file.keep),
  ...Object.entries(file.projects).flatMap(([name, project]) => {
    const found = [
      ...addressFindings(project.repository, ['repository']),
      ...sourceFindings(name, project),
      ...pushFindings(project),
      ...stepFindings(project),
      ...cacheFindings(project),
      ...limitFindings(project),
      ...pollFindings(project.poll),
      ...scheduleFindings(project),
      ...bisectFindings(project),
      ...statusFindings(project),
      ...knownFailureFindings(project),
      ...notifyFindings(project.notify, false),
      ...keepFindings(project.keep),
      ...resultFindings(project),
      ...linePatternFindings(project),
      ...envFindings(project.env, ['env']),
      ...Object.entries(project.variants ?? {}).flatMap(([variant, { env }]) =>
        envFindings(env, ['variants', variant, 'env']),
      ),
    ]
    return found.map(finding => ({ ...finding, path: ['projects', name, ...finding.path] }))
  }),
]

const pollSecondsMin = 30
const pollSecondsMax = 30 * 86_400

const pollFindings = (written: string | undefined): Finding[] => {
  const seconds = written === undefined || written === 'never' ? pollSecondsMin : readPoll(written)
  if (seconds >= pollSecondsMin && seconds <= pollSecondsMax) return []
  return [{ path: ['poll'], at: 'value', found: show(written), expected: 'never, or from 30s to 30d' }]
}

const notifyAfterSecondsMax = 3600

const notifyAfterFindings = (written: string | undefined): Finding[] =>
  written === undefined || readDuration(written) <= notifyAfterSecondsMax
    ? []
    : [{ path: ['notify-after'], at: 'value', found: show(written), expected: 'from 0s to 1h' }]

function stepFindings({ steps }: WrittenProject): Finding[] {
  const findings: Finding[] = []
  const seen = new Set<string>()
  let lines = 0
  for (const [index, step] of steps.entries()) {
    for (const [name, run] of Object.entries(step)) {
      const path = ['steps', index, name]
      if (seen.has(name))
        findings.push({ path, at: 'key', found: `a second step ${show(name)}`, expected: 'another name' })
      seen.add(name)
      const rows = run.split('\n')
      lines += rows.length
      const longest = Math.max(...rows.map(row => Buffer.byteLength(row)))
      if (longest > lineBytesMax)
        findings.push({ path, at: 'value', found: `a line of ${longest} bytes`, expected: `at most ${lineBytesMax}` })
    }
  }
  if (lines > recipeLinesMax)
    findings.push({
      path: ['steps'],
      at: 'value',
      found: `${lines} lines of shell`,
      expected: `at most ${recipeLinesMax}`,
    })
  return findings
}

// Without this check, a known failure would have no effect after somebody renames its step, and the farm would show the
// failure as new.
function knownFailureFindings({ steps, 'known-failures': known = [] }: WrittenProject): Finding[] {
  const names = steps.flatMap(Object.keys)
  return known.flatMap(({ step }, index) => {
    if (step === undefined || names.includes(step)) return []
    const path = ['known-failures', index, 'step']
    return [{ path, at: 'value' as const, found: show(step), expected: `one of the steps: ${names.join(', ')}` }]
  })
}

function linePatternFindings(project: WrittenProject): Finding[] {
  return (['errors', 'ignore'] as const).flatMap(key =>
    (project[key] ?? []).flatMap((pattern, index) => {
      const problem = patternProblem(pattern)
      if (problem === undefined) return []
      const expected = `a pattern of RE2 (docs/failures.md); ${problem}`
      return [{ path: [key, index], at: 'value' as const, found: show(pattern), expected }]
    }),
  )
}

function limitFindings({ limits = {} }: WrittenProject): Finding[] {
  const filled = fillInLimits(limits)
  return Object.entries(limitRanges).flatMap(([key, [name, min, max, expected]]) => {
    if (filled[name] >= min && filled[name] <= max) return []
    return [{ path: ['limits', key], at: 'value' as const, found: show(limits[key as keyof typeof limits]), expected }]
  })
}

const bisectRanges = {
  budget: ['budgetSeconds', 60, 30 * 86_400, 'from 1m to 30d'],
  pause: ['pauseSeconds', 0, 86_400, 'from 0s to 1d'],
} as const

function bisectFindings({ bisect = {} }: WrittenProject): Finding[] {
  const filled = fillInBisect(bisect)
  return Object.entries(bisectRanges).flatMap(([key, [name, min, max, expected]]) =>
    filled[name] >= min && filled[name] <= max
      ? []
      : [{ path: ['bisect', key], at: 'value' as const, found: show(bisect[key as keyof typeof bisect]), expected }],
  )
}

function envFindings(env: Record<string, string> | undefined, path: string[]): Finding[] {
  return Object.entries(env ?? {}).flatMap(([key, value]) => envFinding(key, value, [...path, key]) ?? [])
}

function envFinding(key: string, value: string, path: string[]): Finding | undefined {
  if (key.startsWith('FARM_'))
    return { path, at: 'key', found: show(key), expected: 'a name without the prefix FARM_ (reserved for the farm)' }
  const bytes = Buffer.byteLength(`${key}=${value}`)
  if (bytes <= envLineBytesMax) return undefined
  return { path, at: 'value', found: `${bytes} bytes with its name`, expected: `at most ${envLineBytesMax}` }
}
