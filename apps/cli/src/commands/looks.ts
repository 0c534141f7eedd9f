import type { components } from '@rumpfarm/client'
import { type Exit, exits } from '../parsing/command.ts'
import type { Colour } from '../terminal/style.ts'

export type Matrix = components['schemas']['Matrix']
export type MatrixCell = Matrix['cells'][number]

/** How a cell of the matrix looks, best first. */
export const looks = ['unexpected', 'never', 'passed', 'none', 'known', 'flaky', 'old', 'unconfirmed', 'new'] as const

export type Look = (typeof looks)[number]

/** What the newest result of a cell means. Acknowledged and expected failures are `known`. */
export function lookOf({ last, known, acknowledged, prevented }: MatrixCell): Look {
  if (!last) return prevented === null ? 'never' : 'unexpected'
  if (last.state === 'flaky') return 'flaky'
  if (last.verdict === 'passed') return 'passed'
  if (last.verdict !== 'failed' && last.verdict !== 'timed-out') return 'none'
  if (known !== null || acknowledged) return 'known'
  if (last.state === 'newly-failing' || last.state === 'failing-differently') return 'new'
  return last.state === 'newly-failing-unconfirmed' ? 'unconfirmed' : 'old'
}

export const isFailure = (look: Look): boolean => look === 'new' || look === 'unconfirmed' || look === 'old'

/** Some cell fails and nobody has acknowledged it: failed. No cell has a result: no verdict. */
export function matrixExit(cells: readonly MatrixCell[]): Exit {
  const found = cells.map(lookOf)
  if (found.some(isFailure)) return exits.failed
  return found.some(look => look === 'passed' || look === 'known' || look === 'flaky') ? exits.passed : exits.unknown
}

export const lookWords: Record<Look, { word: string; colour: Colour | undefined; says: string }> = {
  unexpected: { word: '-', colour: 'grey', says: 'no build expected' },
  never: { word: '.', colour: 'grey', says: 'never ran' },
  passed: { word: 'ok', colour: 'green', says: 'passed' },
  none: { word: 'none', colour: 'magenta', says: 'the last job has no verdict' },
  known: { word: 'known', colour: 'grey', says: 'fails as expected, or is acknowledged' },
  flaky: { word: 'flaky', colour: 'yellow', says: 'passes and fails without a change' },
  old: { word: 'fail', colour: 'red', says: 'still fails' },
  unconfirmed: { word: 'fail?', colour: 'red', says: 'failed once; the farm runs it again' },
  new: { word: 'FAIL', colour: 'redBox', says: 'newly failing' },
}

export interface FailureGroup {
  project: string
  branch: string
  step: string | null
  fingerprint: string | null
  message: string | null
  look: Look
  cells: { host: string; arch: string; variant: string; jobId: number; since: { commit: string; at: string } }[]
}

/** The failing cells: equal failures of a project are one group. New failures are first, then large groups. */
export function groupFailures(cells: readonly MatrixCell[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>()
  for (const cell of cells) {
    const { last, project, branch, host, arch, variant } = cell
    const look = lookOf(cell)
    if (!last || !isFailure(look)) continue
    const { failedStep: step, fingerprint, message, jobId, since } = last
    const key = JSON.stringify([project, branch, fingerprint ?? [step, last.verdict]])
    const group = groups.get(key) ?? { project, branch, step, fingerprint, message, look, cells: [] }
    groups.set(key, group)
    group.cells.push({ host, arch, variant, jobId, since: { commit: since.commit, at: since.at } })
    if (looks.indexOf(look) > looks.indexOf(group.look)) group.look = look
  }
  return [...groups.values()].sort(
    (a, b) => looks.indexOf(b.look) - looks.indexOf(a.look) || b.cells.length - a.cells.length,
  )
}
