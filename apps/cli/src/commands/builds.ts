import type { components } from '@rumpfarm/client'
import { items } from '@rumpfarm/client'
import { command } from '../parsing/command.ts'
import { table } from '../terminal/table.ts'
import { ago, short } from '../terminal/words.ts'
import { countsBox } from './verdicts.ts'

export const limitFlag = (what: string) =>
  ({ kind: 'number', value: 'N', min: 1, max: 10_000, says: `at most this many ${what}; by default 20` }) as const

/** The first items of a list. */
export async function firstItems<Item>(list: AsyncIterable<Item>, limit = 20): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of list) {
    found.push(item)
    if (found.length >= limit) break
  }
  return found
}

/** The branch, or what else was built. */
function refOf({ branch, kind, tag }: components['schemas']['BuildSummary']): string {
  if (kind === 'tag') return `tag ${tag ?? ''}`
  return kind === 'branch' ? (branch ?? '') : kind.replace('-', ' ')
}

export const builds = command({
  says: 'List the newest builds.',
  args: { project: { optional: true, says: 'only builds of this project', completes: 'project' } },
  flags: {
    limit: limitFlag('builds'),
    probes: { kind: 'switch', says: 'also builds that run only probes of a bisection' },
  },
  async run({ farm, style, out, now }, { args: { project }, flags: { limit, probes } }) {
    const query = {
      limit: Math.min(limit ?? 20, 200),
      ...(project ? { project } : {}),
      ...(probes ? {} : { probes: false }),
    }
    const found = await firstItems(items(await farm(), '/api/v1/builds', { query }), limit)
    const rows = found.map(build => [
      String(build.id),
      build.project,
      short(build.commit),
      refOf(build),
      ago(build.createdAt, now()),
      countsBox(build.counts),
      build.subject ?? '',
    ])
    const head = ['BUILD', 'PROJECT', 'COMMIT', 'BRANCH', 'CREATED', 'JOBS', 'SUBJECT']
    return { value: { items: found }, lines: table(rows, { head, style, columns: out.columns() }) }
  },
})
