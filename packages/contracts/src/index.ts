export * from './addresses.ts'
export * as api from './api.ts'
export * from './attempts.ts'
export { BisectLimits, defaultBisect } from './bisect-yaml.ts'
export * from './build-kinds.ts'
export * from './cell-states.ts'
export * from './checksum.ts'
export * from './cksum.ts'
export * from './farm-yaml.ts'
export * from './hosts.ts'
export { type Json, readJson, unknownKey } from './json.ts'
export { keepLastDefault, ProjectKeep, WrittenKeep } from './keep-yaml.ts'
export {
  mailPattern,
  type NotifyEvent,
  NotifyRule,
  type NotifyTarget,
  notifyEvents,
  notifyEventsDefault,
  type WrittenNotify,
} from './notify-yaml.ts'
export * from './pull-requests-yaml.ts'
export * from './retries.ts'
export * from './schedule-yaml.ts'
export * from './signing.ts'
export { type ForgeName, forgeNames, ProjectStatus, type StatusState } from './status-yaml.ts'
export * from './steps.ts'
export * from './text.ts'
export * from './wait-codes.ts'
export * from './wire.ts'
