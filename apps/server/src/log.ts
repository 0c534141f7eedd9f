import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

/** Logs JSON lines to standard output, without the headers that contain secrets. */
export const openLog = ({ logLevel }: Config): Logger =>
  pino({ level: logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] })
