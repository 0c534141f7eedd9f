import type { ServerFacts } from '../src/index.ts'

/** What a server says about itself when it starts. */
export const serverOf = (id: string, changes: Partial<ServerFacts> = {}): ServerFacts => ({
  id,
  name: `${id}:8080`,
  migration: '20260101000000_first',
  queues: 'redis',
  storage: 'directory 1',
  secretSum: 'sum',
  ...changes,
})
