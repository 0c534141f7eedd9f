import module from 'node:module'

/** From version 22.8, Node keeps the compiled code of this program in its own directory for temporary files. */
export const enableCompileCache = (): void => {
  if ('enableCompileCache' in module) module.enableCompileCache?.()
}
