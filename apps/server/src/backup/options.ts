import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isInBucket } from './places.ts'

const usages = {
  backup:
    './farm backup FILE [--logs DIR], or ./farm backup --verify FILE [--logs DIR]; FILE may be s3://BUCKET/NAME, or - for the standard output',
  restore: './farm restore FILE [--logs DIR] [--replace]',
}

export type BackupVerb = keyof typeof usages

export interface BackupOptions {
  verb: 'backup' | 'verify' | 'restore'
  /** A path, or an address that begins with s3://. undefined: the standard output. */
  file: string | undefined
  /** The directory for the copies of logs and artifacts. */
  logs: string | undefined
  /** Whether the restore may delete the farm that is there. */
  replace: boolean
}

/** Thrown for arguments that the command does not understand. The message is for the user. */
export class OptionsError extends Error {}

/** Reads the arguments of `./farm backup` and `./farm restore`. Relative names are relative to `from`. */
export function readBackupOptions(verb: BackupVerb, args: string[], from: string): BackupOptions {
  const { values, positionals } = parse(verb, args)
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new OptionsError(`give one FILE\nusage: ${usages[verb]}`)
  const verify = values.verify ?? false
  const isStream = file === '-'
  if (isStream && (verify || verb === 'restore'))
    throw new OptionsError(
      'this command reads the backup twice, so - is not possible; write the backup to a file first',
    )
  if (isInBucket(values.logs ?? ''))
    throw new OptionsError('--logs needs a directory: logs and artifacts cannot be copied to a bucket')
  return {
    verb: verify ? 'verify' : verb,
    file: isStream ? undefined : isInBucket(file) ? file : resolve(from, file),
    logs: values.logs === undefined ? undefined : resolve(from, values.logs),
    replace: values.replace ?? false,
  }
}

function parse(verb: BackupVerb, args: string[]) {
  const flag = { type: 'boolean' } as const
  const own = verb === 'backup' ? { verify: flag } : { replace: flag }
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { logs: { type: 'string' }, ...own },
    })
    return { values: values as { logs?: string; verify?: boolean; replace?: boolean }, positionals }
  } catch (error) {
    throw new OptionsError(`${(error as Error).message}\nusage: ${usages[verb]}`)
  }
}
