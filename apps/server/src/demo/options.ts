import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const demoUsage = './farm demo [--jobs N] [--seed N] [--data DIR] [--everywhere] [--fill-only | --serve-only]'

export interface DemoOptions {
  jobs: number
  seed: number
  dataDirectory: string
  /** By default the farm is filled, and then served. */
  fill: boolean
  serve: boolean
  /** Each host builds every project for every arch. */
  everywhere: boolean
}

const jobsRange = [1_000, 2_000_000] as const

/** Thrown for arguments that the command does not understand. The message is for the user. */
export class OptionsError extends Error {}

/** Reads the arguments of `./farm demo`. A relative directory is relative to `from`. */
export function readDemoOptions(args: string[], from: string): DemoOptions {
  const { values } = parse(args)
  if (values['fill-only'] && values['serve-only'])
    throw new OptionsError('--fill-only and --serve-only exclude each other')
  return {
    jobs: whole('--jobs', values.jobs ?? '100000', jobsRange),
    seed: whole('--seed', values.seed ?? '1', [0, 2 ** 31]),
    dataDirectory: values.data === undefined ? resolve('data/demo') : resolve(from, values.data),
    fill: !values['serve-only'],
    serve: !values['fill-only'],
    everywhere: values.everywhere ?? false,
  }
}

function parse(args: string[]) {
  try {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean' } as const
    return parseArgs({
      args,
      options: { jobs: text, seed: text, data: text, 'fill-only': flag, 'serve-only': flag, everywhere: flag },
    })
  } catch (error) {
    throw new OptionsError(`${(error as Error).message}\nusage: ${demoUsage}`)
  }
}

function whole(name: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text)
  if (text !== '' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new OptionsError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}
