import { items } from '@rumpfarm/client'
import { command } from '../parsing/command.ts'
import { table } from '../terminal/table.ts'
import { counted } from '../terminal/words.ts'
import { failureLines } from './failure-lines.ts'
import { groupFailures, isFailure, lookOf, type Matrix, matrixExit } from './looks.ts'

interface ProjectStatus {
  project: string
  branch: string
  passed: number
  failed: number
  newlyFailing: number
  known: number
  flaky: number
  withoutVerdict: number
  active: number
}

function statusOf(cells: Matrix['cells'], project: string, branch: string): ProjectStatus {
  const own = cells.filter(cell => cell.project === project)
  const found = own.map(lookOf)
  const count = (...wanted: string[]) => found.filter(look => wanted.includes(look)).length
  return {
    ...{ project, branch, passed: count('passed'), failed: found.filter(isFailure).length },
    ...{ newlyFailing: count('new'), known: count('known'), flaky: count('flaky') },
    withoutVerdict: count('never', 'none'),
    active: own.filter(({ active }) => active).length,
  }
}

const groupsShownMax = 10

export const status = command({
  says: 'Show the projects, the hosts and the present failures.',
  more: ['The exit code is 1 if a cell fails on a main branch and nobody has acknowledged the failure.'],
  flags: { project: { kind: 'text', value: 'NAME', says: 'only this project', completes: 'project' } },
  async run({ farm, style, out, program }, { flags: { project } }) {
    const client = await farm()
    const query = project === undefined ? {} : { project }
    const [matrix, queue, presences] = await Promise.all([
      client.get('/api/v1/matrix', { params: { query } }),
      client.get('/api/v1/queue', { params: { query } }),
      presenceCounts(client),
    ])
    const projects = matrix.branches.map(({ project, shown }) => statusOf(matrix.cells, project, shown))
    const failures = groupFailures(matrix.cells)
    const hosts = Object.values(presences).reduce((sum, count) => sum + count, 0)
    const presence = Object.entries(presences).map(([name, count]) => `${count} ${name}`)
    const rows = projects.map(one => [
      one.project,
      one.branch,
      { text: String(one.passed), colour: one.passed > 0 ? ('green' as const) : undefined },
      { text: String(one.failed), colour: one.failed > 0 ? ('red' as const) : undefined },
      { text: String(one.newlyFailing), colour: one.newlyFailing > 0 ? ('redBox' as const) : undefined },
      String(one.known),
      String(one.withoutVerdict),
      String(one.active),
    ])
    const head = ['PROJECT', 'BRANCH', 'PASSED', 'FAILED', 'NEW', 'KNOWN', 'NO RESULT', 'ACTIVE']
    const shown = failures.slice(0, groupsShownMax)
    return {
      value: { url: client.url, hosts: presences, jobsInQueue: queue.total, projects, failures },
      lines: [
        `${client.url}: ${counted(hosts, 'host')}${presence.length > 0 ? ` (${presence.join(', ')})` : ''}, ${counted(queue.total, 'job')} waiting or running`,
        ...table(rows, { head, style, columns: out.columns() }),
        ...(shown.length > 0 ? ['', ...failureLines(shown, style)] : []),
        ...(failures.length > shown.length
          ? [`and ${failures.length - shown.length} more; ${program} failures shows all`]
          : []),
      ],
      exit: matrixExit(matrix.cells),
    }
  },
})

async function presenceCounts(client: Parameters<typeof items>[0]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const query = { limit: 200 }
  for await (const { presence } of items(client, '/api/v1/hosts', { query }))
    counts[presence] = (counts[presence] ?? 0) + 1
  return counts
}
