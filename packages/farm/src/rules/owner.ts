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

function isLike(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[^A-Za-z0-9*?]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}
