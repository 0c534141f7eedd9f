import type { ProjectConfig } from '@rumpfarm/contracts'
import { hash } from '../clock.ts'
import type { Context } from '../context.ts'

/** Puts a checked farm.yaml in force, whole or not at all. Projects that left it stay readable. */
export async function applyConfiguration({ db, now }: Context, projects: readonly ProjectConfig[]): Promise<void> {
  const at = now()
  const text = JSON.stringify(projects)
  await db.$transaction(async tx => {
    for (const project of projects) {
      const config = JSON.stringify(project)
      // As text: of an object, Prisma would lose a variant or a variable that is called __proto__.
      await tx.$executeRaw`
        INSERT INTO "Project" ("name", "config", "configHash", "updatedAt")
        VALUES (${project.name}, ${config}::json, ${hash(config)}, ${at})
        ON CONFLICT ("name") DO UPDATE SET "config" = EXCLUDED."config", "configHash" = EXCLUDED."configHash",
          "removedAt" = NULL, "updatedAt" = EXCLUDED."updatedAt"`
    }
    await tx.project.updateMany({
      where: { name: { notIn: projects.map(project => project.name) }, removedAt: null },
      data: { removedAt: at, updatedAt: at },
    })
    const accepted = { acceptedAt: at, hash: hash(text), problems: null, refusedAt: null }
    await tx.configuration.upsert({ where: { id: 1 }, create: accepted, update: accepted })
  })
}

/** Notes that the newest farm.yaml was refused; the last good one stays in force. */
export async function refuseConfiguration({ db, now }: Context, problems: readonly string[]): Promise<void> {
  const refused = { problems: problems.join('\n'), refusedAt: now() }
  await db.configuration.upsert({ where: { id: 1 }, create: refused, update: refused })
}
