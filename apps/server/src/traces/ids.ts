import { sign } from '@rumpfarm/farm'

/**
 * The ids of traces and spans are computed from the secret of the farm and the name of the traced part. So all servers
 * of a farm use the same ids without a request to each other, and two farms never use the same id.
 */
export const traceIdOf = (secret: string, buildId: number): string =>
  sign(secret, `trace build ${buildId}`).slice(0, 32)

/** `part` is the name of a part of a build, such as `attempt 12.1`. */
export const spanIdOf = (secret: string, buildId: number, part: string): string =>
  sign(secret, `span build ${buildId} ${part}`).slice(0, 16)
