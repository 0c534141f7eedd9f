import type { OwnerRule, ProjectConfig } from '@rumpfarm/contracts'

/**
 * Whether a host's owner allows a job, by the rules of its host.conf. The agent decides itself; here the farm only avoids
 * offers that the agent would refuse. Patterns are like the shell's, but * and ? also match `/`.
 */
export function permits(rules: readonly OwnerRule[], project: string, branch: string | null): boolean {
  const named = rules.filter(rule => isLike(project, rule.project) && concerns(rule, branch))
  if (named.some(({ verb }) => verb === 'deny')) return false
  return rules.every(({ verb }) => verb === 'deny') || named.length > 0
}

/** A build without a branch may be of any branch: of the allowed lists only `*` matches it, and every denied list does. */
function concerns({ verb, branches }: OwnerRule, branch: string | null): boolean {
  if (branches.length === 0) return true
  if (branch === null) return verb === 'deny' || branches.some(pattern => isLike('', pattern))
  return branches.some(pattern => isLike(branch, pattern))
}

/** Whether any branch that the project builds may run. A pattern of branches cannot be compared with the rules exactly: then it may run. */
export const permitsSome = (rules: readonly OwnerRule[], { name, branches }: ProjectConfig): boolean =>
  rules.length === 0 ||
  branches.some(branch => (/[*?[{(!]/.test(branch) ? permitsPattern(rules, name) : permits(rules, name, branch)))

function permitsPattern(rules: readonly OwnerRule[], project: string): boolean {
  const named = rules.filter(rule => isLike(project, rule.project))
  if (named.some(({ verb, branches }) => verb === 'deny' && (branches.length === 0 || branches.includes('*'))))
    return false
  return rules.every(({ verb }) => verb === 'deny') || named.some(({ verb }) => verb === 'allow')
}

/**
 * Only the last star can match more characters later, so a pattern costs at most its length times the text's length. Hosts
 * send the patterns, and a regular expression with thirty stars takes hours.
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
