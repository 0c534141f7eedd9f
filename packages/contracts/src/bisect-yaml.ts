import Type, { type Static } from 'typebox'
import { yamlDuration } from './yaml-schema.ts'

export const WrittenBisect = Type.Object(
  { budget: Type.Optional(yamlDuration('6h')), pause: Type.Optional(yamlDuration('1h')) },
  { additionalProperties: false, description: 'a map with budget or pause, such as {budget: 6h}' },
)

export const BisectLimits = Type.Object({
  /** The time of hosts that one bisection, and all automatic bisections of a day, may use. */
  budgetSeconds: Type.Integer({ minimum: 60 }),
  /** How long the last pair of confirming runs waits. */
  pauseSeconds: Type.Integer({ minimum: 0 }),
})
export type BisectLimits = Static<typeof BisectLimits>

export const defaultBisect: BisectLimits = { budgetSeconds: 6 * 3600, pauseSeconds: 3600 }
