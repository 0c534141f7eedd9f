import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { PasswordFile } from './request.ts'

export const passwordFile = (path: string): PasswordFile => ({
  path,
  read: () => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  write: password => writeFileSync(path, password, { mode: 0o600 }),
})
