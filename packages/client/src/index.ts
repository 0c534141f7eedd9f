export { type BulkPath, bulk } from './bulk.ts'
export { type Answer, type ClientOptions, type FarmClient, farmClient, type PathWith } from './client.ts'
export { type EventOptions, events, type FarmEvent } from './events.ts'
export type { components, operations, paths } from './generated/api.ts'
export { type Item, items, type ListPath } from './lists.ts'
export {
  type AttemptOf,
  type ByteRange,
  type FollowOptions,
  followLog,
  type LogState,
  logState,
  readLog,
  tailBytesMax,
  tailStart,
} from './logs.ts'
export { patientFetch } from './patient-fetch.ts'
export { canRetry, causeOf, type Problem, Refusal, Unreachable } from './refusal.ts'
export { startTry, type Try, type TryFiles, type UploadOptions, uploadTry } from './tries.ts'
