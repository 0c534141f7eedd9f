import { Prisma } from './generated/client.ts'

/** A piece of SQL with its values. The values are sent separately, so that no value can change the statement. */
export type Sql = Prisma.Sql

/** A piece of a statement that several statements share. */
export const sql = Prisma.sql
/** Joins pieces with a separator. */
export const join = Prisma.join
/** SQL text from the farm's source code. Never pass text from outside. */
export const raw = Prisma.raw
/**
 * A limit of the source code as a part of the text. If a limit is a parameter, PostgreSQL's plan for all values assumes that
 * a tenth of the rows is read. Then it prefers to plan each call again, which costs more than the execution.
 */
export const constant = (limit: number): Sql => raw(String(limit))
