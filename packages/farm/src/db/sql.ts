import { Prisma } from './generated/client.ts'

/** A piece of SQL with its values. The values are sent separately, so that no value can change the statement. */
export type Sql = Prisma.Sql

/** A piece of a statement that several statements share. */
export const sql = Prisma.sql
/** Joins pieces with a separator. */
export const join = Prisma.join
/** SQL text from the farm's source code. Never pass text from outside. */
export const raw = Prisma.raw
