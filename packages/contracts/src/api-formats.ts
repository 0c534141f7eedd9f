import Type, { type Static, type TSchema } from 'typebox'
import { jobIdMax } from './attempts.ts'

/** Building blocks for the schemas of the API: JSON Schema 2020-12, which OpenAPI 3.1 uses. */

/** The server has a Date; the answer has ISO 8601 text in UTC. */
export const moment = (description: string) => Type.Unsafe<Date>({ type: 'string', format: 'date-time', description })
export const maybeMoment = (description: string) =>
  Type.Unsafe<Date | null>({ type: ['string', 'null'], format: 'date-time', description })
export const maybeText = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })

export const oneOf = <Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Word>({ type: 'string', enum: [...words], description })
export const maybeOneOf = <Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Word | null>({ type: ['string', 'null'], enum: [...words, null], description })

export const id = (description: string) => Type.Integer({ minimum: 1, maximum: 2147483647, description })
export const jobId = (description: string) => Type.Integer({ minimum: 1, maximum: jobIdMax, description })
export const count = (description: string) => Type.Integer({ minimum: 0, description })
export const maybeInteger = (description: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], description })

/** An object or null. */
export const maybe = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ ...schema, type: ['object', 'null'] })

/** A reference to a named schema. The OpenAPI document contains each named schema once. */
export const ref = <Schema extends TSchema & { $id?: string }>(schema: Schema) =>
  Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` })

export const list = <Schema extends TSchema>(items: Schema, description: string) => Type.Array(items, { description })

/** The query of a list that a program can also read as a whole. `more` are further formats. */
export const bulkFormat = <More extends string = never>(...more: More[]) =>
  Type.Optional(
    oneOf(
      ['json', 'ndjson', ...more],
      'ndjson: all items, one JSON object per line; `limit` has no effect. It has priority over the header Accept',
    ),
  )

/** One page of a list. */
export const page = <Schema extends TSchema & { $id?: string }>(item: Schema) =>
  Type.Object(
    {
      items: Type.Array(ref(item)),
      next: maybeText('Address of the next page, also in the header Link; null on the last page'),
    },
    { $id: `${item.$id}Page` },
  )
