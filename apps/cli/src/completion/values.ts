import { items } from '@rumpfarm/client'
import { firstItems } from '../commands/builds.ts'
import type { Context } from '../context.ts'
import { exits } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'

const valuesMax = 200

/** Prints names for the completion of the shell, one per line. It prints nothing if no farm answers. */
export async function listValues({ farm, out }: Context, kind: string | undefined): Promise<number> {
  try {
    const names = await namesOf(farm, kind)
    await out.write(names.map(name => `${clean(name)}\n`).join(''))
  } catch {
    // Completion is a convenience: an error message in the middle of a command line would disturb.
  }
  return exits.passed
}

async function namesOf(farm: Context['farm'], kind: string | undefined): Promise<string[]> {
  const query = { limit: valuesMax }
  const first = <Item>(list: AsyncIterable<Item>) => firstItems(list, valuesMax)
  switch (kind) {
    case 'project':
      return (await first(items(await farm(), '/api/v1/projects', { query }))).map(({ name }) => name)
    case 'host':
      return (await first(items(await farm(), '/api/v1/hosts', { query }))).map(({ name }) => name)
    case 'build':
      return (await first(items(await farm(), '/api/v1/builds', { query: { limit: 50 } }))).map(({ id }) => String(id))
    case 'job':
      return (await first(items(await farm(), '/api/v1/jobs', { query: { limit: 50 } }))).map(({ id }) => String(id))
    default:
      return []
  }
}
