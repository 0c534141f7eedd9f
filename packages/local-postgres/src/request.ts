/** The methods of a pino logger that this package uses. */
export interface Log {
  info: (line: string) => void
  error: (line: string) => void
}

/** The file that keeps the password of the farm's role between starts. */
export interface PasswordFile {
  /** The path that messages show. */
  path: string
  /** Returns the password; undefined if the file does not exist. */
  read: () => string | undefined
  /** Writes the password. After a crash during the write, the file must contain the old or the new password. */
  write: (password: string) => void
}

/** The directory for PostgreSQL's files if its user cannot enter the directory of the farm. */
export const usualFallback = '/var/lib/rumpfarm'

export interface LocalPostgresRequest {
  /** PostgreSQL's files are below this directory or below `fallback`. The directory is created if necessary. */
  directory: string
  passwordFile: PasswordFile
  log: Log
  /**
   * The directory for the files of PostgreSQL if its user cannot enter `directory`. Only a process of root needs this
   * directory.
   */
  fallback?: string
  /** Server parameters, in addition to the defaults in postmaster.ts. */
  parameters?: Record<string, string | number>
  /** Whether the farm's role may create databases, as tests do. By default it may not. */
  createDatabases?: boolean
  /**
   * Called if PostgreSQL ends unexpectedly. By default, this process then ends, because it cannot work without its
   * database.
   */
  onEnd?: () => void
}

export interface LocalPostgres {
  url: string
  /** The postmaster's process id. */
  pid: number
  stop: () => Promise<void>
}
