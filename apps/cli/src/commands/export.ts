import { bulk, type FarmClient } from '@rumpfarm/client'
import { command, exits, UsageError } from '../parsing/command.ts'

const ofFarm = ['builds', 'jobs', 'hosts', 'bisections'] as const
const ofProject = ['cells', 'commits', 'last-good', 'tests'] as const
const lists = [...ofFarm, ...ofProject] as const

type List = (typeof lists)[number]

const isOfFarm = (list: List): list is (typeof ofFarm)[number] => ofFarm.some(one => one === list)

interface Filters {
  project?: string | undefined
  branch?: string | undefined
  build?: number | undefined
  host?: string | undefined
  status?: string | undefined
}

const accepted: Record<List, (keyof Filters)[]> = {
  ...{ builds: ['project'], jobs: ['project', 'build', 'host', 'status'], hosts: [], bisections: ['project'] },
  ...{ cells: ['project', 'branch', 'host'], commits: ['project', 'branch'] },
  ...{ 'last-good': ['project', 'branch', 'host'], tests: ['project'] },
}

/** The items of a list, and the filters in its address. */
function itemsOf(client: FarmClient, list: List, filters: Filters, signal: AbortSignal): AsyncIterable<unknown> {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined)
  const wrong = given.find(([name]) => !accepted[list].includes(name as keyof Filters))
  if (wrong) throw new UsageError(`the list ${list} has no filter --${wrong[0]}`)
  if (isOfFarm(list)) return bulk(client, `/api/v1/${list}`, { query: Object.fromEntries(given), signal } as never)
  if (filters.project === undefined) throw new UsageError(`the list ${list} needs --project NAME`)
  const query = Object.fromEntries(given.filter(([name]) => name !== 'project'))
  const path = `/api/v1/projects/${encodeURIComponent(filters.project)}/${list}`
  return bulk(client, path as '/api/v1/builds', { query, signal } as never)
}

const text = (value: string, says: string) => ({ kind: 'text', value, says }) as const

export const exportList = command({
  says: 'Print a whole list as NDJSON: one JSON object per line.',
  more: [
    'The lists cells, commits, last-good and tests need --project. The command needs little memory for any size.',
    'The exit code is 3 if the list is not complete.',
  ],
  args: { list: { choices: lists, says: 'the list' } },
  flags: {
    project: { ...text('NAME', 'only this project'), completes: 'project' },
    branch: text('BRANCH', 'this branch instead of the main branch'),
    build: {
      kind: 'number',
      value: 'N',
      min: 1,
      max: 2_147_483_647,
      says: 'only jobs of this build',
      completes: 'build',
    },
    host: { ...text('NAME', 'only this host'), completes: 'host' },
    status: text('STATUS', 'only jobs with this state or verdict'),
  },
  examples: ['export jobs --project hello --status failed > failed.ndjson'],
  async run({ farm, out, signal }, { args: { list }, flags }) {
    for await (const item of itemsOf(await farm(), list, flags, signal)) await out.write(`${JSON.stringify(item)}\n`)
    return exits.passed
  },
})
