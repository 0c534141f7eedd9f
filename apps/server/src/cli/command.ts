import type { ParseArgsOptionsConfig } from 'node:util'
import type { FarmClient } from '@rumpfarm/client'

/** The values of the options. */
export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

export interface Command {
  usage: string
  options?: ParseArgsOptionsConfig
  /** Returns the lines to print; undefined if the arguments do not match the usage. */
  run: (api: FarmClient, args: string[], values: Values) => Promise<string[] | undefined>
}

export type Run = Command['run']

/** Runs the function that the first argument names. */
export const oneOf =
  (actions: Record<string, Run>): Run =>
  async (api, [action = '', ...rest], values) =>
    actions[action]?.(api, rest, values)
