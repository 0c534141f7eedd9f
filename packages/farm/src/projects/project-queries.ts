import { hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { withoutSecrets } from './addresses.rule.ts'

/** The configurations of the active projects. The key is the project's name; the map is sorted by it. */
export async function projectConfigs({ db }: Pick<Context, 'db'>): Promise<Map<string, ProjectConfig>> {
  // Only applyConfiguration writes this column, from entries that match the schema in packages/contracts.
  const rows = await db.query<{ name: string; config: ProjectConfig }>`
    SELECT "name", "config" FROM "Project" WHERE "removedAt" IS NULL ORDER BY "name"`
  return new Map(rows.map(({ name, config }) => [name, config]))
}

/** The active projects, for pages and the API: their addresses have no secrets. */
export async function listProjects(context: Pick<Context, 'db'>): Promise<Map<string, ProjectConfig>> {
  const projects = await projectConfigs(context)
  return new Map([...projects].map(([name, project]) => [name, withoutSecrets(project)]))
}

export async function projectRepositories({ db }: Pick<Context, 'db'>): Promise<Map<string, string>> {
  const rows = await db.query<{ name: string; repository: string }>`
    SELECT "name", "config" ->> 'repository' AS "repository" FROM "Project"`
  return new Map(rows.map(({ name, repository }) => [name, hideSecrets(repository)]))
}

export interface ConfigurationState {
  acceptedAt: Date | null
  /** The errors of the newest farm.yaml. If it has errors, the previous version stays active. */
  problems: string[]
  refusedAt: Date | null
}

export async function configurationState({ db }: Pick<Context, 'db'>): Promise<ConfigurationState> {
  // Every page calls this. Without Prisma it costs the server less time.
  const [row] = await db.query<{ acceptedAt: Date | null; problems: string | null; refusedAt: Date | null }>`
    SELECT "acceptedAt", "problems", "refusedAt" FROM "Configuration" WHERE "id" = 1`
  const problems = row?.problems?.split('\n') ?? []
  return { acceptedAt: row?.acceptedAt ?? null, problems, refusedAt: row?.refusedAt ?? null }
}
