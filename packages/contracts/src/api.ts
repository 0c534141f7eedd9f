export * from './api-answers.ts'
export { ref } from './api-formats.ts'
export * from './api-requests.ts'
