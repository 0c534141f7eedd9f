export * from './api-answers.ts'
export { ref } from './api-forms.ts'
export * from './api-requests.ts'
