import type { WrittenProject } from '@rumpfarm/contracts'
import { patternProblem } from '../test-results/pattern.rule.ts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

type WrittenResult = Exclude<NonNullable<WrittenProject['results']>[number], string>

/** Errors in `results` that a schema cannot describe. */
export function resultFindings({ steps, results = [] }: WrittenProject): Finding[] {
  const names = steps.flatMap(Object.keys)
  return results.flatMap((written, index) =>
    typeof written === 'string' ? [] : resultFinding(written, ['results', index], names),
  )
}

function resultFinding(written: WrittenResult, path: Finding['path'], steps: string[]): Finding[] {
  const finding = (key: string, at: Finding['at'], found: string, expected: string): Finding[] => [
    { path: [...path, key], at, found, expected },
  ]
  const places = (['junit', 'tap', 'step'] as const).filter(key => written[key] !== undefined)
  const [place, second] = places
  if (place === undefined) return [{ path, at: 'value', found: 'no junit, tap or step', expected: 'one of them' }]
  if (second !== undefined) return finding(second, 'key', places.join(' and '), 'one of them')
  const { step, pattern } = written
  const forLogs = (['pattern', 'passed', 'failed', 'skipped'] as const).find(key => written[key] !== undefined)
  if (step === undefined)
    return forLogs ? finding(forLogs, 'key', `${place} and ${forLogs}`, `${forLogs} only together with step`) : []
  if (!steps.includes(step)) return finding('step', 'value', show(step), `one of the steps: ${steps.join(', ')}`)
  if (pattern === undefined)
    return forLogs ? finding(forLogs, 'key', `${forLogs} without pattern`, 'a pattern too') : []
  const problem = patternProblem(pattern)
  return problem === undefined ? [] : finding('pattern', 'value', problem, `RE2 with ${groupForm}`)
}

const groupForm = 'the group (?<name>…) and perhaps the groups result, suite, message, seconds, file, line'
