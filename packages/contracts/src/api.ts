export * from './api-answers.ts'
export { ref } from './api-formats.ts'
export { Matrix } from './api-matrix.ts'
export * from './api-requests.ts'
