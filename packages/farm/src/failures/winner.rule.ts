import type { Candidate } from './candidates.rule.ts'

/** From the first failed target, the farm reads at most this many lines up, or down after a line of Ninja. */
export const targetLinesMax = 400
const environmentLinesMax = 20
/** The lines of one error, such as its source text, are between two errors of a run. */
const runLinesMax = 20
// A program that was ended by SIGKILL: in most cases the system had no free memory.
const killedExit = 137

/** The rules whose lines come from a compiler, a linker or make, and not from a test that prints "error". */
const compilerRules: readonly string[] = ['errors', 'C1', 'C2', 'C2b', 'C3', 'C4', 'C5', 'C6', 'C7', 'C12']
/** A linker prints all its errors together, and then a summary. */
const linkerRules: readonly string[] = ['C5', 'C6', 'C7']
/** configure ends at its last error; the last exception of a chain is the cause. */
const lastWins: readonly string[] = ['C8', 'C15']

/**
 * The line that most probably says why a step failed; undefined if no candidate does. The candidates are in the order of
 * their lines. `lastLine`: the number of the step's last line. docs/failures.md explains the order of the choices.
 */
export function chooseWinner(candidates: readonly Candidate[], lastLine: number): Candidate | undefined {
  const failedTest = candidates.find(({ group }) => group === 'T')
  if (failedTest && !candidates.some(one => one.line < failedTest.line && compilerRules.includes(one.rule)))
    return failedTest
  const target = candidates.find(({ group, rule }) => group === 'K' && rule !== 'K6')
  const causes = candidates.filter(({ group }) => group === 'C')
  return (
    (target && causeOf(target, causes)) ??
    firstCause(causes) ??
    environmentNear(candidates, target?.line ?? lastLine) ??
    target ??
    candidates.find(({ group }) => group === 'K')
  )
}

/** The cause of a failed target: make prints it above the target, Ninja prints it below. */
function causeOf(target: Candidate, causes: readonly Candidate[]): Candidate | undefined {
  if (target.rule === 'K5') return causes.find(({ line }) => line > target.line && line <= target.line + targetLinesMax)
  const above = causes.filter(({ line }) => line < target.line && line >= target.line - targetLinesMax)
  const nearest = above.at(-1)
  if (nearest?.file === undefined) return nearest && firstOfRun(above, nearest)
  return above.find(({ file }) => file === nearest.file)
}

/**
 * The first of several neighbouring lines of one rule or of the linker, such as a linker's undefined symbols. For some rules the last line
 * is the cause.
 */
function firstOfRun(causes: readonly Candidate[], last: Candidate): Candidate {
  if (lastWins.includes(last.rule)) return last
  let first = last
  for (const one of causes.toReversed()) {
    if (one.line > first.line) continue
    if (!isAlike(one, last) || first.line - one.line > runLinesMax) break
    first = one
  }
  return first
}

const isAlike = (one: Candidate, other: Candidate): boolean =>
  one.rule === other.rule || (linkerRules.includes(one.rule) && linkerRules.includes(other.rule))

function firstCause(causes: readonly Candidate[]): Candidate | undefined {
  const [first] = causes
  return first && lastWins.includes(first.rule) ? causes.findLast(({ rule }) => rule === first.rule) : first
}

/** A trouble of the host just before this line says more than the line of make that follows it. */
const environmentNear = (candidates: readonly Candidate[], line: number): Candidate | undefined =>
  candidates.findLast(one => one.group === 'A' && one.line <= line && line - one.line <= environmentLinesMax)

/** Whether the failure is probably a trouble of the host. The verdict never depends on this. */
export const isProbablyHost = (candidates: readonly Candidate[], line: number, exit: number | null): boolean =>
  exit === killedExit || candidates.some(one => one.environment && Math.abs(one.line - line) <= environmentLinesMax)

/** The candidates that a page counts together with the winner. */
export function alikeWinner(candidates: readonly Candidate[], winner: Candidate): Candidate[] {
  return candidates.filter(({ group }) => group === winner.group || (winner.group === 'C' && group === 'T'))
}
