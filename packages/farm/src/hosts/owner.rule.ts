import type { OwnerRule, ProjectConfig } from '@rumpfarm/contracts'

/**
 * What a host's owner allows, by the host.conf that the host told. Here it only spares the host what it would refuse: the
 * agent decides by itself. Patterns are the shell's: * and ? stand for anything, / included.
 */
export function permits(rules: readonly OwnerRule[], project: string, branch: string | null): boolean {
  const named = rules.filter(rule => isLike(project, rule.project) && concerns(rule, branch))
  if (named.some(({ verb }) => verb === 'deny')) return false
  return rules.every(({ verb }) => verb === 'deny') || named.length > 0
}

/** A build without a branch may be of any: let in by no list of branches, but *, and kept out by every one. */
function concerns({ verb, branches }: OwnerRule, branch: string | null): boolean {
  if (branches.length === 0) return true
  if (branch === null) return verb === 'deny' || branches.some(pattern => isLike('', pattern))
  return branches.some(pattern => isLike(branch, pattern))
}

/** Whether any branch that the project builds may run. Of two patterns nobody can say what they share: then it may. */
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
 * Where a star is met again, the former one is right as it is: so a pattern costs at most its length times the text's. Hosts
 * send patterns, and as a regular expression thirty stars take hours.
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
      // The star stands for one character more.
      star.at++
      at = star.at
      next = star.next
    } else return false
  }
  return /^\**$/.test(pattern.slice(next))
}
