import type { Forge } from './event.ts'
import { readEvent, readGitea, verifyGitea } from './gitea.ts'

/** Forgejo: https://forgejo.org/docs/latest/user/webhooks. Its first releases had only the headers of Gitea. */
export const forgejo: Forge = {
  verify: signed => verifyGitea('forgejo', ['X-Forgejo-Signature', 'X-Gitea-Signature'], signed),
  read: (headers, body) => readGitea(['X-Forgejo', 'X-Gitea'], headers, body, readEvent),
}
