import { command } from '../parsing/command.ts'
import { table } from '../terminal/table.ts'
import { ago } from '../terminal/words.ts'

const outcomes = ['waiting', 'retrying', 'built', 'handled', 'ignored', 'failed', 'refused', 'pong'] as const

export const deliveries = command({
  says: 'List the newest webhooks, and what the farm did. Needs an admin token.',
  flags: {
    project: { kind: 'text', value: 'NAME', says: 'only this project', completes: 'project' },
    outcome: { kind: 'text', value: 'OUTCOME', choices: outcomes, says: 'only webhooks with this outcome' },
  },
  async run({ farm, style, out, now }, { flags: { project, outcome } }) {
    const query = { limit: 50, ...(project ? { project } : {}), ...(outcome ? { outcome } : {}) }
    const found = await (await farm()).get('/api/v1/deliveries', { params: { query } })
    const rows = found.items.map(delivery => [
      String(delivery.id),
      delivery.sender,
      delivery.event,
      delivery.projects.join(' '),
      delivery.outcome,
      ago(delivery.receivedAt, now()),
      delivery.reason ?? '',
    ])
    const head = ['DELIVERY', 'SENDER', 'EVENT', 'PROJECTS', 'OUTCOME', 'RECEIVED', 'REASON']
    return {
      value: found,
      lines:
        rows.length > 0
          ? table(rows, { head, style, columns: out.columns() })
          : [project || outcome ? 'no webhook matches' : 'no webhook has arrived'],
    }
  },
})

export const replay = command({
  says: 'Decide a webhook again, as if its sender had sent it again. Needs an admin token.',
  args: { delivery: { number: true, says: 'the number of the delivery' } },
  async run({ farm }, { args: { delivery: id } }) {
    const replayed = await (await farm()).post('/api/v1/deliveries/{id}/replay', { params: { path: { id } } })
    return { value: replayed, lines: [`The farm decides delivery ${id} again. See its outcome with: farm deliveries`] }
  },
})
