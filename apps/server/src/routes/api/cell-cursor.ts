import type { CellName } from '@rumpfarm/farm'
import { Refusal } from '../../http/problems.ts'

export const keyOfCell = ({ host, arch, variant }: CellName): string => JSON.stringify([host, arch, variant])

/** The name of a cell is stable, so a cell that is added does not move the others to another page. */
export function cellOf(key: string | undefined): CellName | undefined {
  if (key === undefined) return undefined
  const [host, arch, variant, ...rest] = listOf(key)
  if (typeof host === 'string' && typeof arch === 'string' && typeof variant === 'string' && rest.length === 0)
    return { host, arch, variant }
  throw new Refusal('invalid', '/query/cursor is not a cursor of this farm: request the first page without it')
}

function listOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
