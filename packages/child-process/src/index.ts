export { endWithParent } from './end-with-parent.ts'
export { describeExit, exitWithin, hasExited } from './exit.ts'
export { logTail, openLog, rotateWhileRunning, sizeOf } from './log-file.ts'
