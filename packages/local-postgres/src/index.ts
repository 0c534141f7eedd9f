export { startLocalPostgres } from './postgres.ts'
export type { LocalPostgres, LocalPostgresRequest, PasswordFile } from './request.ts'
export { waitForPostgresEnd } from './server-pid-file.ts'
export { startTemporaryPostgres } from './temporary.ts'
