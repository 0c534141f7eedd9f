import Type, { type TSchema } from 'typebox'

/** The variant of a project that names none. */
export const defaultVariant = 'default'

/** A scalar of farm.yaml; `description` is what a mistake's message says it expected. */
export const text = (pattern: string, description: string) => Type.String({ pattern, description })

export const writtenList = <Item extends TSchema>(item: Item, maxItems: number, description: string, minItems = 0) =>
  Type.Array(item, { minItems, maxItems, description })

/** A map whose keys people choose; `keyForm` says what a key may be. */
export const writtenMap = <Value extends TSchema>(
  keyPattern: string,
  keyForm: string,
  value: Value,
  maxProperties: number,
  description: string,
  minProperties = 0,
) =>
  Type.Record(Type.String({ pattern: keyPattern }), value, {
    additionalProperties: false,
    minProperties,
    maxProperties,
    description,
    keyForm,
  })
