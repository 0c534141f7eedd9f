/**
 * The outside world: repositories and forges. Everything here answers with values; what is thrown is a defect.
 *
 * - openMirrors: commits, tarballs and files of any git repository.
 * - readGithubDelivery, readStandardDelivery: what a signed webhook says. Give them the raw bytes.
 * - postWebhook: tells somebody something, signed.
 * - sameRepository: whether a webhook's repository is a project's.
 */
export type { Malformed } from './forges/body.ts'
export { type ForgePush, type GithubDelivery, type Headers, readGithubDelivery } from './forges/github.ts'
export { sameRepository } from './forges/repositories.ts'
export { readStandardDelivery, type StandardDelivery, TriggerBody } from './forges/standard.ts'
export type { Sums, TarballContent } from './git/archive.ts'
export type { GitLimits } from './git/context.ts'
export type { Commit } from './git/mirror.ts'
export type { Problem } from './git/remote.ts'
export type { Tarball } from './git/tarballs.ts'
export {
  type FileAnswer,
  type LineAnswer,
  type Mirrors,
  type MirrorsOptions,
  openMirrors,
  type Resolved,
  type TarballAnswer,
} from './mirrors.ts'
export { type Delivery, postWebhook } from './notifiers/webhook.ts'
