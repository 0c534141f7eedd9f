export { decideRef, type RefChange, type RefDecision } from './decide-ref.rule.ts'
export { type ChangedFiles, hasPathRules, type PathRules, pathProblem } from './paths.rule.ts'
export { skipMark } from './skip.rule.ts'
