import { type FarmClient, items } from '@rumpfarm/client'
import { command } from '../parsing/command.ts'
import { table } from '../terminal/table.ts'
import { size, utc } from '../terminal/words.ts'

const keepFlag = (example: string, says: string) => ({ kind: 'text', value: example, says }) as const

/** A preview. The server itself deletes: this command changes nothing. */
export const retention = command({
  says: 'Show what the farm would delete now because of `keep` in farm.yaml. Changes nothing. Needs an admin token.',
  args: { project: { optional: true, says: 'only this project', completes: 'project' } },
  flags: {
    logs: keepFlag('TIME', 'as if farm.yaml had this value, such as 90d'),
    artifacts: keepFlag('TIME', 'the same for artifacts'),
    builds: keepFlag('TIME', 'the same for builds'),
    failures: keepFlag('TIME', 'the same for logs and artifacts of failed jobs; longer: as long as builds'),
    last: keepFlag('NUMBER', 'how many of the newest results of each cell stay'),
  },
  async run({ farm, style, out }, { args: { project }, flags }) {
    const client = await farm()
    const asked = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
    const names = project === undefined ? await allProjects(client) : [project]
    const found = []
    for (const name of names) found.push(await previewOf(client, name, asked))
    const rows = found.map(one => [
      one.project,
      one.keep ? `${one.logs} (${size(one.logBytes)})` : 'keeps all',
      one.keep ? `${one.artifacts} (${size(one.artifactBytes)})` : '',
      one.keep ? `${one.builds} (${one.jobs} ${one.jobs === 1 ? 'job' : 'jobs'})` : '',
      one.waitsUntil ? utc(one.waitsUntil) : '',
    ])
    const head = ['PROJECT', 'LOGS', 'ARTIFACTS', 'BUILDS', 'NOT BEFORE']
    return {
      value: { items: found },
      lines: rows.length > 0 ? table(rows, { head, style, columns: out.columns() }) : ['the farm has no project'],
    }
  },
})

async function allProjects(client: FarmClient): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of items(client, '/api/v1/projects', { query: { limit: 200 } })) names.push(name)
  return names
}

/** Asks again until the farm has looked at all builds. */
async function previewOf(client: FarmClient, name: string, asked: object) {
  const page = (after: number) =>
    client.get('/api/v1/projects/{name}/retention', { params: { path: { name }, query: { ...asked, after } } })
  const sum = await page(0)
  for (let next = sum.next; next !== null; ) {
    const more = await page(next)
    for (const key of ['logs', 'logBytes', 'artifacts', 'artifactBytes', 'builds', 'jobs', 'looked'] as const)
      sum[key] += more[key]
    next = more.next
  }
  return { ...sum, next: null }
}
