import type { Context } from '../context.ts'

/** Sets the sequences after the imported ids, and gives PostgreSQL's planner the sizes of the tables. */
export async function finishImport({ db }: Context): Promise<void> {
  await db.query`
    SELECT setval(pg_get_serial_sequence('"Host"', 'id'), (SELECT COALESCE(max("id"), 0) + 1 FROM "Host"), false),
           setval(pg_get_serial_sequence('"Build"', 'id'), (SELECT COALESCE(max("id"), 0) + 1 FROM "Build"), false),
           setval(pg_get_serial_sequence('"Job"', 'id'), (SELECT COALESCE(max("id"), 0) + 1 FROM "Job"), false)`
  await db.execute`ANALYZE`
}
