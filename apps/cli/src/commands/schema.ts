import { command } from '../parsing/command.ts'
import { farmYaml } from './check-config.ts'

export const schema = command({
  says: 'Print the JSON Schema of farm.yaml, for editors.',
  more: ['A farm serves the same schema at /farm.schema.json.'],
  examples: ['schema > farm.schema.json'],
  offline: true,
  async run() {
    const value = (await farmYaml()).farmSchema()
    return { value, lines: JSON.stringify(value, null, 2).split('\n') }
  },
})
