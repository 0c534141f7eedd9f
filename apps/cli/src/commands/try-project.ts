import { type components, type FarmClient, items } from '@rumpfarm/client'
import { UsageError } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import type { Tree } from '../working-tree/find-tree.ts'

type Project = components['schemas']['Project']

/** The project with this name, or the project whose repository is a remote of the clone. */
export async function findProject(
  client: FarmClient,
  name: string | undefined,
  { addresses, root }: Tree,
): Promise<Project> {
  if (name !== undefined) return client.get('/api/v1/projects/{name}', { params: { path: { name } } })
  for (const repository of [...addresses, ...(isLocal(client.url) ? [root] : [])]) {
    const found: Project[] = []
    for await (const project of items(client, '/api/v1/projects', { query: { repository } })) found.push(project)
    if (found.length > 1)
      throw new UsageError(
        `several projects build this repository: ${found.map(one => clean(one.name)).join(', ')}; name one`,
      )
    if (found[0]) return found[0]
  }
  const tried = addresses.length > 0 ? addresses.map(clean).join(', ') : 'this clone has no remote'
  throw new UsageError(`no project of the farm builds the repository of this clone (${tried}); name the project`)
}

const isLocal = (url: string): boolean => /^https?:\/\/(127\.|localhost[:/]|localhost$|\[::1\])/.test(url)
