import type { components, FarmClient } from '@rumpfarm/client'
import { items } from '@rumpfarm/client'
import { command, UsageError } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import { table } from '../terminal/table.ts'
import { ago, short } from '../terminal/words.ts'
import { firstItems, limitFlag } from './builds.ts'

type Summary = components['schemas']['PullRequestSummary']
type PullRequest = components['schemas']['PullRequest']

const project = { says: 'the project', completes: 'project' } as const
const number = { number: true, says: 'the number of the request at the forge' } as const
const states = ['open', 'closed', 'merged', 'waiting'] as const

/** What the farm does with the newest commit. */
export function standing({ state, approval, buildId, problem }: Summary): string {
  if (state === 'open' && approval === 'waiting') return 'needs approval'
  if (approval === 'refused') return 'refused'
  if (buildId !== null) return `build ${buildId}`
  return problem === null ? '' : 'cannot be read'
}

export const pullRequests = command({
  says: 'List the pull requests of a project, or show one.',
  more: ['`--state waiting` lists the open requests whose newest commit an administrator must approve.'],
  args: { project, number: { ...number, optional: true } },
  flags: {
    state: { kind: 'text', value: 'STATE', choices: states, says: 'only requests with this state' },
    limit: limitFlag('requests'),
  },
  async run({ farm, style, out, now }, { args, flags: { state, limit } }) {
    const client = await farm()
    if (args.number !== undefined) {
      const request = await find(client, args.project, args.number)
      return { value: request, lines: linesOf(request, now()) }
    }
    const params = { path: { name: args.project }, query: state === undefined ? {} : { state } }
    const found = await firstItems(items(client, '/api/v1/projects/{name}/pull-requests', params), limit)
    const rows = found.map(request => [
      String(request.number),
      request.state,
      standing(request),
      short(request.headCommit),
      request.baseBranch,
      ago(request.changedAt, now()),
      request.author,
      request.title,
    ])
    const head = ['NUMBER', 'STATE', 'FARM', 'COMMIT', 'BASE', 'CHANGED', 'AUTHOR', 'TITLE']
    const none =
      state === undefined ? `the farm knows no pull request of ${args.project}` : `no pull request is ${state}`
    const lines = rows.length > 0 ? table(rows, { head, style, columns: out.columns() }) : [clean(none)]
    return { value: { items: found }, lines }
  },
})

const find = (client: FarmClient, name: string, of: number) =>
  client.get('/api/v1/projects/{name}/pull-requests/{number}', { params: { path: { name, number: of } } })

function linesOf(request: PullRequest, now: Date): string[] {
  const { project: name, number: of, title, author, state, headBranch, baseBranch, fork, url, problem } = request
  return [
    clean(`${name} pull request ${of}: ${title}`),
    clean(`${state}, by ${author}, ${fork ? 'from a fork, ' : ''}${headBranch} into ${baseBranch}`),
    ...(url === null ? [] : [clean(url)]),
    ...(problem === null ? [] : [clean(`The farm cannot read the request: ${problem}`)]),
    ...request.commits.map(one => {
      const decided = one.decidedBy === null ? '' : ` by ${one.decidedBy}`
      const approval = one.approval === 'not-needed' ? '' : `  ${one.approval}${decided}`
      const build = one.buildId === null ? '' : `  build ${one.buildId}`
      return clean(
        `${short(one.commit)}  ${ago(one.seenAt, now)}${approval}${build}${one.ended ? `  ${one.ended}` : ''}`,
      )
    }),
  ]
}

export const approve = command({
  says: 'Allow the farm to build a commit of a pull request.',
  more: [
    'Read the changes first: the hosts run them. Without COMMIT, this is the newest commit, which the answer names. A later',
    'commit needs its own approval.',
  ],
  args: {
    project,
    number,
    commit: { optional: true, says: 'the newest commit, at least its first 7 digits' },
  },
  flags: { refuse: { kind: 'switch', says: 'forbid the build of this commit instead' } },
  examples: ['approve sample 7 98e9cc9aa08a', 'approve sample 7 --refuse'],
  async run({ farm }, { args, flags: { refuse } }) {
    const client = await farm()
    const before = await find(client, args.project, args.number)
    const commit = commitOf(before, args.commit)
    const params = { path: { name: args.project, number: args.number } }
    const decision = { params, body: { commit } }
    const found = refuse
      ? await client.post('/api/v1/projects/{name}/pull-requests/{number}/refuse', decision)
      : await client.post('/api/v1/projects/{name}/pull-requests/{number}/approve', decision)
    const verb = refuse ? 'is refused' : 'is approved'
    return {
      value: found,
      lines: [
        clean(`Commit ${short(commit)} of pull request ${args.number} of ${args.project} ${verb}: ${before.title}`),
      ],
    }
  },
})

/** The newest commit, or the commit that a person names: the farm says if it is not the newest. */
function commitOf({ headCommit, commits }: PullRequest, given: string | undefined): string {
  if (given === undefined) return headCommit
  if (!/^[0-9a-f]{7,64}$/.test(given)) throw new UsageError('COMMIT has at least 7 digits of 0-9 and a-f')
  const found = [headCommit, ...commits.map(({ commit }) => commit)].find(commit => commit.startsWith(given))
  return found ?? given.padEnd(40, '0')
}
