/** The methods of a pino logger that this package uses. */
export interface Log {
  info: (line: string) => void
  error: (line: string) => void
}

/** Keeps the password of the farm's role between starts. */
export interface PasswordFile {
  /** For messages. */
  path: string
  /** Undefined if there is no such file. */
  read: () => string | undefined
  /** After a crash the file has the old password or the new one. */
  write: (password: string) => void
}

export interface LocalPostgresRequest {
  /** PostgreSQL's files are below this directory, or below `fallback`. It is created if necessary. */
  directory: string
  passwordFile: PasswordFile
  log: Log
  /** For the files of a PostgreSQL whose user cannot enter `directory`. Only root needs it. */
  fallback?: string
  /** Server parameters, in addition to the defaults in postmaster.ts. */
  parameters?: Record<string, string | number>
  /** Whether the farm's role may create databases, as tests do. Default: no. */
  createDatabases?: boolean
  /** Called if PostgreSQL ends by itself. Default: this process ends in order, because it cannot work without its database. */
  onEnd?: () => void
}

export interface LocalPostgres {
  url: string
  /** The postmaster's process number. */
  pid: number
  stop: () => Promise<void>
}
