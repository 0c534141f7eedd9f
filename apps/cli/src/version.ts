declare const RUMPFARM_VERSION: string | undefined

/** The build writes the version of package.json here. */
export const version: string = typeof RUMPFARM_VERSION === 'string' ? RUMPFARM_VERSION : 'from source'
