import { command } from '../parsing/command.ts'
import { table } from '../terminal/table.ts'
import { ago, utc } from '../terminal/words.ts'
import { cellName } from './verdicts.ts'

export const queue = command({
  says: 'List the jobs that wait or run, and why they wait.',
  flags: {
    project: { kind: 'text', value: 'NAME', says: 'only this project', completes: 'project' },
    host: { kind: 'text', value: 'NAME', says: 'only this host', completes: 'host' },
  },
  async run({ farm, style, out, now }, { flags: { project, host } }) {
    const query = { ...(project ? { project } : {}), ...(host ? { host } : {}) }
    const found = await (await farm()).get('/api/v1/queue', { params: { query } })
    const rows = found.items.map(job => [
      String(job.jobId),
      job.project,
      cellName(job),
      { text: job.state, colour: job.state === 'running' ? ('blue' as const) : undefined },
      ago(job.startedAt ?? job.queuedAt, now()),
      job.reason?.text ?? (job.endsAt ? `expected end ${utc(job.endsAt)}` : ''),
    ])
    const head = ['JOB', 'PROJECT', 'CELL', 'STATE', 'SINCE', 'REASON']
    const more = found.total - found.items.length
    return {
      value: found,
      lines: [
        ...(rows.length > 0 ? table(rows, { head, style, columns: out.columns() }) : ['no job waits or runs']),
        ...(more > 0 ? [`and ${more} more`] : []),
      ],
    }
  },
})
