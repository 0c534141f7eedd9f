import { type ClientOptions, type FarmClient, farmClient } from '@rumpfarm/client'
import { newAdminToken } from '../auth/admin-token.ts'
import type { Config } from '../config.ts'

/**
 * A client of the API with the administrator's token. If the farm refuses the token, the error message names the file
 * or variable that contains it.
 */
export const adminClient = (
  url: string,
  { secrets, adminTokenFrom }: Pick<Config, 'secrets' | 'adminTokenFrom'>,
  fetch?: ClientOptions['fetch'],
): FarmClient =>
  farmClient({ url, token: secrets.adminToken, badToken: refusedToken(adminTokenFrom), ...(fetch ? { fetch } : {}) })

const refusedToken = (from: string): string =>
  `the farm refuses the token of ${from}: it was revoked, or it belongs to another farm. If it was revoked, ${newAdminToken(from)}`
