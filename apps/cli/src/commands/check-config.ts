import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { text as readStream } from 'node:stream/consumers'
import { command, exits, UsageError } from '../parsing/command.ts'

/** Loaded only when a command needs it, because it is larger than all other commands together. */
export const farmYaml = () => import('@rumpfarm/farm/farm-yaml')

const unreadReasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'you may not read it',
}

const whyUnread = ({ code = '', message }: NodeJS.ErrnoException): string => unreadReasons[code] ?? message

export const checkConfig = command({
  says: 'Check a farm.yaml, without a farm.',
  more: [
    'It prints the errors that the server reports for this file. FILE is by default farm.yaml; - is standard input.',
    'The exit code is 0 if the file has no errors, 1 if it has some, and 2 if it cannot be read.',
  ],
  args: { file: { optional: true, says: 'the file', completes: 'file' } },
  examples: ['check-config', 'check-config ../farm.yaml --json'],
  offline: true,
  async run({ directory }, { args: { file = 'farm.yaml' } }) {
    const path = resolve(directory, file === '-' ? 'farm.yaml' : file)
    const text = await (file === '-' ? readStream(process.stdin) : readFile(path, 'utf8')).catch(
      (error: NodeJS.ErrnoException) => {
        throw new UsageError(`${path} cannot be read: ${whyUnread(error)}`)
      },
    )
    const { describeMistake, readFarmYaml } = await farmYaml()
    const read = readFarmYaml(text, { file: file === '-' ? 'farm.yaml' : file, directory: dirname(path) })
    if (read.kind === 'ok') {
      const projects = read.projects.map(({ name }) => name)
      return { value: { file: path, valid: true, projects, mistakes: [] }, lines: [`${file}: no errors`] }
    }
    const mistakes = read.mistakes.map(mistake => ({ ...mistake, message: describeMistake(mistake) }))
    return {
      value: { file: path, valid: false, mistakes },
      lines: mistakes.map(({ message }) => message),
      exit: exits.failed,
    }
  },
})
