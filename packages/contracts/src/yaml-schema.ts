// Parts of the schema of farm.yaml. Error messages show `description` after "expected".
import Type, { type TSchema } from 'typebox'

/** A scalar. */
export const yamlText = (pattern: string, description: string) => Type.String({ pattern, description })

/**
 * The name of a variable of the server's environment that holds a secret, such as `$STATUS_GITHUB`. An error message
 * does not show the value, because people write the secret itself here by mistake.
 */
export const yamlSecretName = (prefix: string, example: string) =>
  Type.String({
    pattern: `^\\$${prefix}[A-Z0-9_]{1,60}$`,
    secret: true,
    description: `the name of a variable of the server's environment, such as $${example}; the secret itself must not be in farm.yaml`,
  })

export const durationPattern = '^(?=[0-9])([0-9]{1,4}d)? ?([0-9]{1,5}h)? ?([0-9]{1,7}m)? ?([0-9]{1,9}s)?$'
/** A time such as `80m`. */
export const yamlDuration = (example: string) =>
  yamlText(durationPattern, `a duration with its unit, such as ${example} or 1h30m`)

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
