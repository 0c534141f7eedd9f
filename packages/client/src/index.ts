export { type Answer, type ClientOptions, type FarmClient, farmClient, type PathWith } from './client.ts'
export type { components, operations, paths } from './generated/api.ts'
export { type Item, items, type ListPath } from './lists.ts'
export { causeOf, type Problem, Refusal, Unreachable } from './refusal.ts'
