import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What the command printed; when it fails, the error tells what it said. */
export async function output(command: string, words: readonly string[], cwd?: string): Promise<string> {
  const options = { maxBuffer: 64 << 20, ...(cwd === undefined ? {} : { cwd }) }
  return (await execute(command, words, options)).stdout
}

export const runs = (command: string, ...words: string[]): Promise<boolean> =>
  execute(command, words).then(
    () => true,
    () => false,
  )
