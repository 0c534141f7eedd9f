import { Prisma } from './generated/client.ts'

/** A piece of SQL with its values. PostgreSQL gets the values apart from the text, so no value can change the statement. */
export type Sql = Prisma.Sql

/** A piece of a statement that several statements share. */
export const sql = Prisma.sql
/** Pieces one after the other, with a separator. */
export const join = Prisma.join
/** SQL text that the farm itself wrote: never pass text from outside. */
export const raw = Prisma.raw
