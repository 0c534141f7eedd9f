// Parts of the schema of farm.yaml. Error messages show `description` after "expected".
import Type, { type TSchema } from 'typebox'

/** A scalar. */
export const yamlText = (pattern: string, description: string) => Type.String({ pattern, description })

export const yamlList = <Item extends TSchema>(item: Item, maxItems: number, description: string, minItems = 0) =>
  Type.Array(item, { minItems, maxItems, description })

/** A scalar, or a map for the longer form. */
export const yamlTextOr = <Text extends TSchema, Map extends TSchema>(text: Text, map: Map, description: string) =>
  Type.Union([text, map], { description })

/** A map whose keys people choose. `keyForm` describes a valid key for error messages. */
export const yamlMap = <Value extends TSchema>(
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
