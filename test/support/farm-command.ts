import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const farm = fileURLToPath(new URL('../../farm', import.meta.url))

/** Runs `./farm` with only this environment, and PATH and HOME. Resolves to its exit code and its error output. */
export function runFarm(environment: Record<string, string>, ...args: string[]): Promise<[number, string]> {
  const { PATH = '', HOME = '/' } = process.env
  return new Promise(resolve =>
    execFile(farm, args, { env: { PATH, HOME, ...environment } }, (error, _, stderr) =>
      resolve([Number(error?.code ?? 0), stderr.replace(/^installing packages .*\n/, '')]),
    ),
  )
}
