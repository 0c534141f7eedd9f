import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const outputBytesMax = 512 * 1024 * 1024

/** The output of git in a directory. Throws an error with git's message. */
export async function git(directory: string, ...args: string[]): Promise<Buffer> {
  const options = { cwd: directory, encoding: 'buffer', maxBuffer: outputBytesMax } as const
  try {
    return (await run('git', args, options)).stdout
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: Buffer }
    if (code === 'ENOENT') throw new Error('git is not installed, or the directory does not exist')
    const said = stderr?.toString().trim().split('\n').at(-1)
    throw new Error(said?.replace(/^(fatal|error): /, 'git: ') || (error as Error).message)
  }
}

/** The output as text without the last line end; undefined if git fails. */
export const gitText = (directory: string, ...args: string[]): Promise<string | undefined> =>
  git(directory, ...args).then(
    output => output.toString().trim(),
    () => undefined,
  )

/** The records of an output with `-z`. */
export function recordsOf(output: Buffer): Buffer[] {
  const records: Buffer[] = []
  for (let start = 0; start < output.length; ) {
    const end = output.indexOf(0, start)
    records.push(output.subarray(start, end === -1 ? output.length : end))
    start = end === -1 ? output.length : end + 1
  }
  return records
}
