import type { FarmClient } from '@rumpfarm/client'
import { command, type Result, UsageError } from '../parsing/command.ts'

/** Starts a second bisection inside the merge that a bisection named. */
const lookInsideMerge = async (client: FarmClient, id: number): Promise<Result> => {
  const inner = await client.post('/api/v1/bisections/{id}/inside-merge', { params: { path: { id } } })
  const line = `bisection ${inner.id} looks inside the merge ${inner.badCommit.slice(0, 12)}`
  return { value: inner, lines: [line] }
}

export const bisect = command({
  says: 'Search the first bad commit of a failing cell.',
  more: ['Without --start, the command only shows the price.'],
  args: {
    project: { optional: true, says: 'the project', completes: 'project' },
    host: { optional: true, says: 'the host', completes: 'host' },
    arch: { optional: true, says: 'the architecture' },
    variant: { optional: true, says: 'by default the variant default' },
  },
  flags: {
    branch: { kind: 'text', value: 'BRANCH', says: 'by default the main branch' },
    start: { kind: 'switch', says: 'start the bisection' },
    'inside-merge': {
      ...{ kind: 'number', value: 'BISECTION', min: 1, max: 2_147_483_647 },
      says: 'search inside the merge that a bisection found',
    },
  },
  examples: ['bisect hello vax vax', 'bisect hello vax vax --start', 'bisect --inside-merge 3'],
  async run({ farm }, { args: { project, host, arch, variant }, flags }) {
    const { branch, start, 'inside-merge': merge } = flags
    if (merge !== undefined && project !== undefined) throw new UsageError('--inside-merge needs no other argument')
    if (merge !== undefined) return lookInsideMerge(await farm(), merge)
    if (!project || !host || !arch) throw new UsageError('PROJECT HOST ARCH are missing')
    const body = { project, host, arch, ...(variant ? { variant } : {}), ...(branch ? { branch } : {}) }
    const found = await (await farm()).post('/api/v1/bisections', { body: { ...body, dryRun: !start } })
    const { id, url, created, price } = found
    const priceLine = price ?? 'price unknown: the farm has not read the commits yet'
    if (id === null) return { value: found, lines: [priceLine, 'Add --start to start the bisection.'] }
    const line = created ? `bisection ${id}: ${priceLine}` : `bisection ${id} already searches this failure`
    return { value: found, lines: [line, ...(url ? [url] : [])] }
  },
})
