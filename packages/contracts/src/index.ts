export * from './steps.ts'
export * from './wire.ts'
export * from './words.ts'
