import { items } from '@rumpfarm/client'
import { command } from '../parsing/command.ts'
import { table } from '../terminal/table.ts'

export const projects = command({
  says: 'List the projects.',
  async run({ farm, style, out }) {
    const found = []
    for await (const project of items(await farm(), '/api/v1/projects', { query: { limit: 200 } })) found.push(project)
    const rows = found.map(({ name, branches, variants, repository }) => [
      name,
      branches.join(' '),
      Object.keys(variants).join(' '),
      repository,
    ])
    const head = ['PROJECT', 'BRANCHES', 'VARIANTS', 'REPOSITORY']
    return { value: { items: found }, lines: table(rows, { head, style, columns: out.columns() }) }
  },
})
