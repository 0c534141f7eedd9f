import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Tx } from '../db/transaction.ts'
import { firstTimes } from './due.rule.ts'

/** Makes the stored schedules match farm.yaml. A new schedule waits for its next time; an unchanged one keeps its time. */
export async function storeSchedules(tx: Tx, projects: readonly ProjectConfig[]): Promise<void> {
  const rows = projects.flatMap(project =>
    firstTimes(project, tx.now()).map(({ key, nextAt }) => ({ projectName: project.name, key, nextAt })),
  )
  const json = JSON.stringify(rows)
  await tx.execute`
    INSERT INTO "Schedule" ("projectName", "key", "nextAt")
    SELECT * FROM jsonb_to_recordset(${json}::jsonb) AS wanted("projectName" text, "key" text, "nextAt" timestamptz)
    ON CONFLICT DO NOTHING`
  await tx.execute`
    DELETE FROM "Schedule" schedule
     WHERE NOT EXISTS (SELECT FROM jsonb_to_recordset(${json}::jsonb) AS wanted("projectName" text, "key" text)
                        WHERE wanted."projectName" = schedule."projectName" AND wanted."key" = schedule."key")`
  await tx.execute`
    DELETE FROM "ScheduleRun" run
     WHERE NOT EXISTS (SELECT FROM "Schedule" schedule
                        WHERE schedule."projectName" = run."projectName" AND schedule."key" = run."key")`
}
