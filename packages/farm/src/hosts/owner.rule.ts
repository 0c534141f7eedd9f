import type { BuildKind, OwnerRule, ProjectConfig } from '@rumpfarm/contracts'

/**
 * Whether the rules in host.conf allow a job. The agent makes the decision; the farm only avoids offers that the agent
 * would refuse. Patterns are like the patterns of the shell, but * and ? also match `/`.
 */
export function permits(rules: readonly OwnerRule[], project: string, branch: string | null): boolean {
  const named = ofProjects(rules).filter(rule => isLike(project, rule.project) && concerns(rule, branch))
  if (named.some(({ verb }) => verb === 'deny')) return false
  return rules.every(({ verb }) => verb !== 'allow') || named.length > 0
}

/** Stands for all tries in the rules of a host. No branch of git can have this name. */
const triesName = ':try'

/** The name that the rules of a host compare: a try has no branch. */
export const branchForRules = (kind: BuildKind, branch: string | null): string | null =>
  kind === 'try' ? triesName : branch

const ofProjects = (rules: readonly OwnerRule[]) => rules.filter(({ verb }) => verb !== 'allow-forks')

/**
 * Whether the host runs code from people who cannot push to the repository. The answer is false unless the host's agent
 * sent the rule, so an agent that does not know the rule never gets such a job. `permits` must also be true.
 */
export const permitsForks = (rules: readonly OwnerRule[]): boolean => rules.some(({ verb }) => verb === 'allow-forks')

/** Whether the rules in host.conf allow a job, with code from a fork or without. */
export const permitsJob = (
  rules: readonly OwnerRule[],
  { project, branch, fork }: { project: string; branch: string | null; fork: boolean },
): boolean => permits(rules, project, branch) && (!fork || permitsForks(rules))

/**
 * A job without a branch may belong to any branch, and the files of a try may come from any branch. So every deny rule
 * applies to them, except a rule about tries only. An allow rule applies only if the rule has no branches, or has a
 * pattern such as `*` or `:try`.
 */
function concerns({ verb, branches }: OwnerRule, branch: string | null): boolean {
  if (branches.length === 0) return true
  const mayBeAny = branch === null || branch === triesName
  const isOfTries = branches.length === 1 && branches[0] === triesName
  if (verb === 'deny' && mayBeAny && !isOfTries) return true
  return branches.some(pattern => isLike(branch ?? '', pattern))
}

/**
 * Whether jobs of at least one branch of the project may run. If farm.yaml has a pattern of branches, the farm does not
 * know which branches exist. For a pattern, the answer is false only if the rules forbid every branch of the project.
 */
export const permitsSome = (rules: readonly OwnerRule[], { name, branches }: ProjectConfig): boolean =>
  rules.length === 0 ||
  branches.some(branch => (/[*?[{(!]/.test(branch) ? permitsPattern(rules, name) : permits(rules, name, branch)))

function permitsPattern(rules: readonly OwnerRule[], project: string): boolean {
  const named = ofProjects(rules).filter(rule => isLike(project, rule.project))
  if (named.some(({ verb, branches }) => verb === 'deny' && (branches.length === 0 || branches.includes('*'))))
    return false
  return rules.every(({ verb }) => verb !== 'allow') || named.some(({ verb }) => verb === 'allow')
}

/**
 * Only the last star can match more characters later. So the cost is at most the pattern's length times the text's
 * length. Hosts send the patterns, and a regular expression with thirty stars can take hours.
 */
function isLike(text: string, pattern: string): boolean {
  let [at, next] = [0, 0]
  let star: { at: number; next: number } | undefined
  while (at < text.length) {
    if (pattern[next] === '*') {
      next++
      star = { at, next }
    } else if (pattern[next] === '?' || pattern[next] === text[at]) {
      at++
      next++
    } else if (star) {
      // The star matches one more character.
      star.at++
      at = star.at
      next = star.next
    } else return false
  }
  return /^\**$/.test(pattern.slice(next))
}
