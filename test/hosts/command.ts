import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Returns the output of the command. If the command fails, the error contains the output. */
export async function output(command: string, words: readonly string[], cwd?: string): Promise<string> {
  const options = { maxBuffer: 64 << 20, ...(cwd === undefined ? {} : { cwd }) }
  return (await execute(command, words, options)).stdout
}

export const runs = (command: string, ...words: string[]): Promise<boolean> =>
  execute(command, words).then(
    () => true,
    () => false,
  )
