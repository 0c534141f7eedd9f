import { buildsOf } from '../builds/build-queries.ts'
import { type SourceChange, sourceChanges } from '../builds/source-changes.ts'
import type { Context } from '../context.ts'
import { composeConfirmation } from './confirmation.ts'
import type { Draft, DraftLink } from './draft.ts'
import {
  bundleTitle,
  countsWords,
  excerptLines,
  failingTitle,
  failingWords,
  fixedTitle,
  hostNames,
  limited,
  rangeLines,
} from './message.rule.ts'
import type { DueMessage, NotificationRow } from './outbox.ts'
import { hostsOfMembers, type ProblemDetails, problemDetails } from './problem-details.ts'

/** Composes the text of a message from the present rows; a text if there is nothing to say any more. */
export function compose(context: Context, { rows }: Pick<DueMessage, 'rows'>): Promise<Draft | string> {
  const [row] = rows
  if (!row) return Promise.resolve('the change does not exist any more')
  return rows.length > 1 ? composeBundle(context, rows) : composeOne(context, row)
}

function composeOne(context: Context, row: NotificationRow): Promise<Draft | string> {
  switch (row.event) {
    case 'newly-failing':
      return composeFailing(context, row)
    case 'fixed':
      return composeFixed(context, row)
    case 'still-failing':
      return composeDigest(context, row)
    case 'build':
      return composeBuild(context, row)
    case 'bisected':
      return composeBisected(context, row)
    case 'host-silent':
    case 'host-back':
      return composeHost(context, row)
    case 'confirm':
      return composeConfirmation(context, row)
    case 'test':
      return Promise.resolve(testDraft(row))
  }
}

const gone = 'the change does not exist any more'
const segment = encodeURIComponent
const basics = (row: NotificationRow) => ({
  type: row.event,
  timestamp: row.createdAt,
  ...(row.projectName === null ? {} : { project: row.projectName, branch: row.branch }),
})
const matrixLink = (row: NotificationRow): DraftLink[] =>
  row.projectName === null
    ? []
    : [
        {
          text: 'Matrix',
          path: `/?project=${segment(row.projectName)}${row.branch === null ? '' : `&branch=${segment(row.branch)}`}`,
        },
      ]

async function composeFailing(context: Context, row: NotificationRow): Promise<Draft | string> {
  const problem = await problemDetails(context, row.problemId)
  const [first] = problem?.members ?? []
  if (!problem || !first) return gone
  const { failure } = problem
  const changes =
    first.lastGoodBuildId === null
      ? []
      : await sourceChanges(context, { from: first.lastGoodBuildId, to: first.sinceBuildId })
  const cell = `${first.host} ${first.arch} ${first.variant}`
  return {
    title: failingTitle(problem),
    lines: [
      ...(failure ? [`Error on ${cell}: ${failure.message}`] : []),
      hostNames(problem.failing),
      ...(problem.closedAt ? ['The problem is fixed meanwhile.'] : []),
      ...changes.flatMap(({ name, ...range }) => rangeLines({ source: name, ...range })),
    ],
    excerpt: failure ? excerptLines(failure.excerpt, failure.line) : [],
    links: [
      { text: `Log of ${cell}`, path: `/jobs/${first.jobId}` },
      { text: `Build ${first.sinceBuildId}`, path: `/builds/${first.sinceBuildId}` },
      ...changes.flatMap(compareOf),
      ...matrixLink(row),
    ],
    data: { ...basics(row), ...problemData(row, problem), commits: changes.map(commitsData) },
  }
}

const compareOf = ({ name, repository, before, after }: SourceChange): DraftLink[] =>
  before === null ? [] : [{ text: `Changes of ${name}`, repository, before, after }]

const commitsData = ({ name, repository, before, after, total, commits }: SourceChange) => ({
  source: name,
  repository,
  before,
  after,
  total,
  commits: commits.slice(0, 50).map(({ commit, author, subject }) => ({ commit, author, subject })),
})

const problemData = (
  row: NotificationRow,
  { step, verdict, fingerprint, sinceCommit, failure, failing, all, members }: ProblemDetails,
) => ({
  problem: row.problemId,
  step,
  verdict,
  fingerprint,
  since: sinceCommit,
  message: failure?.message ?? null,
  hosts: failing.map(({ name }) => name),
  hostsOfBranch: all.length,
  cells: members.slice(0, 200).map(({ host, arch, variant, jobId }) => ({ host, arch, variant, job: jobId })),
})

async function composeFixed(context: Context, row: NotificationRow): Promise<Draft | string> {
  const problem = await problemDetails(context, row.problemId)
  if (!problem) return gone
  const passed = problem.members.filter(({ ended }) => ended === 'passed')
  const fixed = { ...problem, failing: hostsOfMembers(passed), members: passed }
  const build = Math.max(0, ...passed.flatMap(({ endedBuildId }) => endedBuildId ?? []))
  return {
    title: fixedTitle(fixed),
    lines: [
      hostNames(fixed.failing),
      `It failed since ${problem.sinceCommit.slice(0, 10)}.`,
      ...(problem.failure ? [`The error was: ${problem.failure.message}`] : []),
    ],
    excerpt: [],
    links: [...(build > 0 ? [{ text: `Build ${build}`, path: `/builds/${build}` }] : []), ...matrixLink(row)],
    data: { ...basics(row), ...problemData(row, fixed), build },
  }
}

const digestMax = 20

async function composeDigest(context: Context, row: NotificationRow): Promise<Draft | string> {
  const open = await context.db.query<{ id: number; openedAt: Date }>`
    SELECT "id", "openedAt" FROM "Problem"
     WHERE "projectName" = ${row.projectName} AND "branch" = ${row.branch} AND "closedAt" IS NULL
     ORDER BY "id" LIMIT ${digestMax + 1}`
  if (open.length === 0) return 'no problem is open any more'
  const details = await Promise.all(
    open
      .slice(0, digestMax)
      .map(async ({ id, openedAt }) => ({ id, openedAt, problem: await problemDetails(context, id) })),
  )
  const known = details.flatMap(({ id, openedAt, problem }) => (problem ? [{ id, openedAt, problem }] : []))
  const count =
    open.length > digestMax
      ? `more than ${digestMax} problems`
      : open.length === 1
        ? '1 problem'
        : `${open.length} problems`
  return {
    title: limited(`[${row.projectName} ${row.branch}] ${count} still ${open.length === 1 ? 'fails' : 'fail'}`),
    lines: known.map(({ openedAt, problem }) => {
      const since = openedAt.toISOString().slice(0, 10)
      return `${failingWords(problem)}, open since ${since}${problem.failure ? `: ${problem.failure.message}` : ''}`
    }),
    excerpt: [],
    links: matrixLink(row),
    data: {
      ...basics(row),
      problems: known.map(({ id, openedAt, problem }) => ({
        ...problemData({ ...row, problemId: id }, problem),
        openedAt,
      })),
    },
  }
}

async function composeBuild(context: Context, row: NotificationRow): Promise<Draft | string> {
  const [build] = row.buildId === null ? [] : await buildsOf(context, [row.buildId])
  if (!build) return gone
  const subject =
    build.subject === null
      ? []
      : [`${build.commit.slice(0, 10)} ${build.subject}${build.author === null ? '' : ` (${build.author})`}`]
  return {
    title: limited(
      `[${[row.projectName, row.branch].filter(part => part !== null).join(' ')}] build ${build.id} at ${build.commit.slice(0, 7)}: ${countsWords(build.counts)}`,
    ),
    lines: subject,
    excerpt: [],
    links: [{ text: `Build ${build.id}`, path: `/builds/${build.id}` }, ...matrixLink(row)],
    data: {
      ...basics(row),
      build: build.id,
      commit: build.commit,
      subject: build.subject,
      author: build.author,
      counts: build.counts,
    },
  }
}

interface BisectionRow {
  words: string | null
  outcome: string | null
  hostId: number
  host: string
  arch: string
  variant: string
  failedStep: string | null
  badJobId: number
}

async function composeBisected(context: Context, row: NotificationRow): Promise<Draft | string> {
  const [found] = await context.db.query<BisectionRow>`
    SELECT "words", "outcome", host."name" AS "host", "arch", "variant", "failedStep", "badJobId"
      FROM "Bisection" bisection JOIN "Host" host ON host."id" = bisection."hostId" WHERE bisection."id" = ${row.bisectionId}`
  if (!found) return gone
  const words = found.words ?? ''
  const sentence = /^.*?[.](?=\s|$)/s.exec(words)?.[0].slice(0, -1) ?? words
  const cell = `${found.host} ${found.arch} ${found.variant}`
  return {
    title: limited(`[${row.projectName} ${row.branch}] ${sentence}`),
    lines: [words, `Failure: ${found.failedStep === null ? 'the job' : `step ${found.failedStep}`} on ${cell}.`],
    excerpt: [],
    links: [
      { text: `Bisection ${row.bisectionId}`, path: `/bisections/${row.bisectionId}` },
      { text: `Log of ${cell}`, path: `/jobs/${found.badJobId}` },
    ],
    data: {
      ...basics(row),
      bisection: row.bisectionId,
      outcome: found.outcome,
      words,
      host: found.host,
      arch: found.arch,
      variant: found.variant,
    },
  }
}

/** The body of this message is older than the outbox. Receivers depend on it (docs/api.md). */
async function composeHost(context: Context, row: NotificationRow): Promise<Draft | string> {
  const [host] = await context.db.query<{ name: string }>`SELECT "name" FROM "Host" WHERE "id" = ${row.hostId}`
  if (!host) return gone
  const { since, attempts = [] } = row.data as { since: string; attempts?: string[] }
  const isSilent = row.event === 'host-silent'
  const path = `/hosts/${segment(host.name)}`
  return {
    title: isSilent ? `Host ${host.name} is silent` : `Host ${host.name} is back`,
    lines: [
      isSilent ? `The farm received its last message at ${since}.` : `It was silent since ${since}.`,
      ...(attempts.length > 0
        ? [`It ran ${attempts.length === 1 ? 'attempt' : 'attempts'} ${attempts.join(', ')}.`]
        : []),
    ],
    excerpt: [],
    links: [{ text: `Host ${host.name}`, path }],
    data: {
      type: isSilent ? 'host.silent' : 'host.back',
      timestamp: row.createdAt,
      host: host.name,
      since,
      // A host with several slots can run several attempts: `attempts` has all of them, and `attempt` has the first.
      ...(attempts[0] === undefined ? {} : { attempt: attempts[0], job: Number.parseInt(attempts[0], 10), attempts }),
    },
  }
}

const testDraft = (row: NotificationRow): Draft => ({
  title: 'Test message of the farm',
  lines: ['An administrator sent this message to test the channel.'],
  excerpt: [],
  links: [{ text: 'Notifications', path: '/notifications' }],
  data: basics(row),
})

const titlesMax = 20

async function composeBundle(context: Context, rows: readonly NotificationRow[]): Promise<Draft | string> {
  const [first] = rows as [NotificationRow]
  const counts = new Map<string, number>()
  for (const { event } of rows) counts.set(event, (counts.get(event) ?? 0) + 1)
  const drafts: Draft[] = []
  for (const row of rows.slice(0, titlesMax)) {
    const draft = await composeOne(context, row)
    if (typeof draft !== 'string') drafts.push(draft)
  }
  const more = rows.length - Math.min(rows.length, titlesMax)
  const prefix = /^\[[^\]]*\] /
  return {
    title: bundleTitle(first.projectName ?? '', first.branch, counts),
    lines: [
      ...drafts.flatMap(({ title, lines }) => [
        title.replace(prefix, ''),
        ...lines.slice(0, 1).map(line => `  ${line}`),
      ]),
      ...(more > 0 ? [`and ${more} more messages`] : []),
    ],
    excerpt: [],
    links: matrixLink(first),
    data: {
      ...basics(first),
      type: 'summary',
      counts: Object.fromEntries(counts),
      messages: drafts.map(({ data }) => data),
    },
  }
}
