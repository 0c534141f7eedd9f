import { cut } from '@rumpfarm/contracts'

/** A host of a branch, for "on 3 of 7 hosts (all OpenBSD)". */
export interface NamedHost {
  name: string
  os: string
  arches: string[]
}

export interface ProblemFacts {
  project: string
  branch: string
  step: string | null
  verdict: string
  /** The first bad commit that was built. */
  sinceCommit: string
  /** The hosts whose cells fail. */
  failing: NamedHost[]
  /** All hosts of the branch with a result. */
  all: NamedHost[]
}

const titleMax = 200

/** `[sample main] build step fails since abc1234 on 3 of 7 hosts (all OpenBSD)` */
export const failingTitle = (facts: ProblemFacts): string => limited(`${prefixOf(facts)} ${failingWords(facts)}`)

/** `build step fails since abc1234 on 3 of 7 hosts (all OpenBSD)` */
export const failingWords = (facts: ProblemFacts): string =>
  `${whatFails(facts)} since ${facts.sinceCommit.slice(0, 7)} on ${spread(facts)}${common(facts)}`

/** `[sample main] build step passes again on 3 hosts` */
export const fixedTitle = (facts: ProblemFacts): string => {
  const subject = facts.step === null ? 'the job' : `${facts.step} step`
  return limited(`${prefixOf(facts)} ${subject} passes again on ${hostsOf(facts.failing.length)}`)
}

const prefixOf = ({ project, branch }: Pick<ProblemFacts, 'project' | 'branch'>) => `[${project} ${branch}]`

function whatFails({ step, verdict }: ProblemFacts): string {
  const verb = verdict === 'timed-out' ? 'times out' : 'fails'
  return step === null ? `the job ${verb}` : `${step} step ${verb}`
}

function spread({ failing, all }: ProblemFacts): string {
  const [only] = failing
  if (failing.length === 1 && only && all.length <= 1) return only.name
  return `${failing.length} of ${hostsOf(Math.max(all.length, failing.length))}`
}

/** What the failing hosts have in common and the other hosts have not. */
function common({ failing, all }: ProblemFacts): string {
  const names = new Set(failing.map(({ name }) => name))
  const others = all.filter(({ name }) => !names.has(name))
  const [first] = failing
  if (!first || others.length === 0) return ''
  if (failing.length === 1) return ` (${first.name})`
  if (first.os !== '' && failing.every(({ os }) => os === first.os) && others.every(({ os }) => os !== first.os))
    return ` (all ${first.os})`
  const arch = first.arches.find(
    name =>
      failing.every(({ arches }) => arches.includes(name)) && others.every(({ arches }) => !arches.includes(name)),
  )
  return arch === undefined ? '' : ` (all ${arch})`
}

export const hostsOf = (count: number): string => `${count} ${count === 1 ? 'host' : 'hosts'}`

/** Cuts a text to one line of the largest length of a title. */
export const limited = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= titleMax ? line : `${cut(line, titleMax - 1)}…`
}

const namesMax = 20

/** `Hosts: vax, sun and 3 more` */
export function hostNames(hosts: readonly NamedHost[]): string {
  const names = hosts.map(({ name }) => name).sort()
  const more = names.length - namesMax
  return `Hosts: ${names.slice(0, namesMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

export interface RangeCommit {
  commit: string
  author: string
  subject: string
}

const commitsMax = 10

/** The commits after the last good build, up to the first failed build; one line each. */
export function rangeLines({
  source,
  before,
  after,
  commits,
  total,
}: {
  source: string
  before: string | null
  after: string
  commits: readonly RangeCommit[]
  total: number | null
}): string[] {
  const range = before === null ? after.slice(0, 10) : `${before.slice(0, 10)}..${after.slice(0, 10)}`
  const count = total === null ? 'the number of commits is not known' : total === 1 ? '1 commit' : `${total} commits`
  const shown = commits
    .slice(0, commitsMax)
    .map(({ commit, author, subject }) => `  ${commit.slice(0, 10)} ${cut(subject, 100)} (${cut(author, 60)})`)
  const more = commits.length - shown.length
  return [`Commits of ${source}: ${range}, ${count}`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])]
}

const excerptLinesMax = 20
const excerptCharactersMax = 200

/** At most 20 lines around the failing line. */
export function excerptLines(
  { firstLine, lines }: { firstLine: number; lines: readonly string[] },
  line: number | null,
) {
  const at = line === null ? lines.length - 1 : Math.max(0, line - firstLine)
  const from = Math.max(0, Math.min(at - 5, lines.length - excerptLinesMax))
  return lines.slice(from, from + excerptLinesMax).map(text => cut(text, excerptCharactersMax))
}

/** `3 new failures, 1 fixed` */
export function bundleTitle(project: string, branch: string | null, counts: ReadonlyMap<string, number>): string {
  const words: [string, (count: number) => string][] = [
    ['newly-failing', count => `${grouped(count)} new ${count === 1 ? 'problem' : 'problems'}`],
    ['fixed', count => `${grouped(count)} fixed`],
    ['bisected', count => `${grouped(count)} ${count === 1 ? 'bisection' : 'bisections'} ended`],
    ['build', count => `${grouped(count)} ${count === 1 ? 'build' : 'builds'} complete`],
    ['still-failing', () => 'a daily summary'],
  ]
  const parts = words.flatMap(([event, text]) => {
    const count = counts.get(event) ?? 0
    return count > 0 ? [text(count)] : []
  })
  return limited(`[${[project, branch].filter(part => part !== null).join(' ')}] ${parts.join(', ')}`)
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** `5 passed, 2 failed` in the order of importance. */
export function countsWords(counts: Readonly<Record<string, number | undefined>>): string {
  const order = ['failed', 'timed-out', 'broken', 'lost', 'cancelled', 'passed']
  const known = order.filter(verdict => (counts[verdict] ?? 0) > 0)
  return known.map(verdict => `${counts[verdict]} ${verdict}`).join(', ') || 'no jobs'
}
