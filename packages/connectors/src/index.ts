/**
 * Connections to git repositories, forges and receivers of webhooks. Every failure is a value; a thrown error is a
 * defect.
 *
 * - openMirrors: refs, commits, tarballs, files and histories of any git repository.
 * - recognise, verify, read: which forge sent a webhook, whether its signature is valid, and what it says.
 * - readGithubDelivery, readStandardDelivery: the same for GitHub and for Standard Webhooks, in the earlier form.
 * - makeNotifiers: sends messages by mail, IRC, chat webhooks, Matrix, ntfy and signed webhooks.
 * - setUpOf: how to set up the webhook of a forge.
 * - sameRepository: whether two addresses name the same repository.
 * - openUploads, withUploads: trees that people upload, and mirrors that know them.
 * - statusSender: sends the status of a commit to a forge.
 * - repositoryLink, compareLink, commitLink: the web page of a repository or a change on its forge.
 */

export { caseCounts, read, verify } from './forges/delivery.ts'
export {
  type ForgePush,
  type GithubDelivery,
  readGithubDelivery,
  readStandardDelivery,
  type StandardDelivery,
  TriggerBody,
} from './forges/earlier-deliveries.ts'
export type { Malformed } from './forges/event.ts'
export {
  type ForgeEvent,
  type ForgeKind,
  forgeKinds,
  type Headers,
  type PullRequestEvent,
  type ReadOptions,
  type RefChange,
  type Signed,
  type Verified,
} from './forges/event.ts'
export { forgeName, recognise } from './forges/recognise.ts'
export { sameRepository } from './forges/same-repository.ts'
export { type SetUp, type SetUpFor, setUpOf } from './forges/set-up.ts'
export { type SignedPing, signedPing } from './forges/signed-ping.ts'
export { sourcehutKey, sourcehutQuery } from './forges/sourcehut.ts'
export { type StatusSender, statusSender } from './forges/statuses/send-status.ts'
export type { CommitStatus, StatusOutcome, StatusTarget } from './forges/statuses/status.ts'
export { commitLink, compareLink, repositoryLink } from './forges/web-links.ts'
export type { Sums, TarballContent } from './git/archive.ts'
export { type ChangedFilesAnswer, changedFilesMax } from './git/changed-files.ts'
export type { ChangedCommit } from './git/commit-range.ts'
export type { History, HistoryCommit } from './git/first-parent-history.ts'
export type { GitLimits } from './git/git-runner.ts'
export type { Merge, WantedMerge } from './git/merge.ts'
export type { Commit } from './git/mirror.ts'
export type { PullRequestHead, PullRequestPlace } from './git/pull-request.ts'
export type { Problem, RemoteRefs } from './git/remote.ts'
export type { Tarball } from './git/tarballs.ts'
export {
  type FileAnswer,
  type HistoryAnswer,
  type Mirrors,
  type MirrorsOptions,
  openMirrors,
  type RangeAnswer,
  type Resolved,
  type TarballAnswer,
  type WantedTarball,
} from './mirrors.ts'
export type {
  Channel,
  Delivery,
  MessageEvent,
  NotifierSettings,
  Notifiers,
  OutgoingMessage,
} from './notifiers/notifier.ts'
export { makeNotifiers } from './notifiers/notifiers.ts'
export { isGit } from './sources/kinds.ts'
export { openUploads, type Uploads, uploadName, withUploads } from './uploads/uploads.ts'
