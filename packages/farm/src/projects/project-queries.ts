import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'

/** The projects of the configuration in force, by name, in the order of their names. */
export async function projectConfigs({ db }: Pick<Context, 'db'>): Promise<Map<string, ProjectConfig>> {
  const rows = await db.project.findMany({ where: { removedAt: null }, orderBy: { name: 'asc' } })
  // Only applyConfiguration writes this column, from entries that passed contracts' schema.
  return new Map(rows.map(row => [row.name, row.config as unknown as ProjectConfig]))
}

export interface ConfigurationState {
  acceptedAt: Date | null
  /** The newest farm.yaml was refused for these, one a line; the one before is in force. */
  problems: string[]
  refusedAt: Date | null
}

export async function configurationState({ db }: Pick<Context, 'db'>): Promise<ConfigurationState> {
  const row = await db.configuration.findUnique({ where: { id: 1 } })
  const problems = row?.problems?.split('\n') ?? []
  return { acceptedAt: row?.acceptedAt ?? null, problems, refusedAt: row?.refusedAt ?? null }
}
