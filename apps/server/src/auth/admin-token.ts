import type { Farm } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import { type Config, ConfigError } from '../config.ts'

/** Returns advice on how to replace the administrator's token. `from` is the token's file or `ADMIN_TOKEN`. */
export const newAdminToken = (from: string): string =>
  from === 'ADMIN_TOKEN'
    ? 'set ADMIN_TOKEN to a new token (openssl rand -hex 32) and start the farm again'
    : `remove ${from} and start the farm again, which makes a new token`

/** Adds the configured token to the farm. If this token was revoked, the server starts, and refuses only this token. */
export async function admitAdminToken(
  farm: Farm,
  { secrets, adminTokenFrom }: Pick<Config, 'secrets' | 'adminTokenFrom'>,
  log: Logger,
): Promise<void> {
  const admission = await farm.access.admitToken('admin', secrets.adminToken, 'admin')
  const advice = newAdminToken(adminTokenFrom)
  switch (admission.kind) {
    case 'admitted':
      return
    case 'replaced':
      return log.warn('the token admin has changed; login links and sessions of the previous token are no longer valid')
    case 'revoked':
      return log.warn(`the token in ${adminTokenFrom} was revoked and is not accepted: ${advice}`)
    case 'other-token':
      throw new ConfigError(`the token in ${adminTokenFrom} is already the farm's token ${admission.name}: ${advice}`)
  }
}
