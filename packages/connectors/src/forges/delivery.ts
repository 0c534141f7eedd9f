import { bitbucket } from './bitbucket.ts'
import { bitbucketDataCenter } from './bitbucket-data-center.ts'
import type { Forge, ForgeEvent, ForgeKind, Headers, Malformed, ReadOptions, Signed, Verified } from './event.ts'
import { forgejo } from './forgejo.ts'
import { generic } from './generic.ts'
import { gitea } from './gitea.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { gogs } from './gogs.ts'
import { sourcehut } from './sourcehut.ts'

const forges: Record<ForgeKind, Forge> = {
  github,
  gitlab,
  gitea,
  forgejo,
  gogs,
  bitbucket,
  'bitbucket-data-center': bitbucketDataCenter,
  sourcehut,
  generic,
}

/** Verifies a delivery over its raw bytes, in constant time. Without a secret no delivery is valid. */
export const verify = (kind: ForgeKind, signed: Signed): Verified => forges[kind].verify(signed)

/** Reads a delivery. Verify it first: only the signature shows who sent it. */
export const read = (
  kind: ForgeKind,
  headers: Headers,
  body: Uint8Array,
  options: ReadOptions = {},
): ForgeEvent | Malformed => forges[kind].read(headers, body, options)

/** Whether the case of letters counts in a repository's path. On most forges it does not. */
export const caseCounts = (kind: ForgeKind): boolean => kind === 'sourcehut' || kind === 'generic'
