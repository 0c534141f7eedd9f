import type { components } from './generated/api.ts'

/** A problem document (RFC 9457) of the farm. */
export type Problem = components['schemas']['Problem']

/** Thrown if the farm refuses a request or cannot answer it now. The message is the farm's explanation. */
export class Refusal extends Error {
  readonly status: number
  /** The whole answer of the farm. Undefined if a proxy sent an answer that is no problem document. */
  readonly problem: Problem | undefined

  constructor(status: number, message: string, problem?: Problem) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.problem = problem
  }

  /** The kind of the problem, such as `unknown-project`. docs/api.md lists the kinds. */
  get kind(): string | undefined {
    return this.problem?.type.split(':').at(-1)
  }
}

/** Thrown if no server answers at the farm's address. */
export class Unreachable extends Error {
  constructor(message: string, cause: Error) {
    super(message, { cause })
    this.name = 'Unreachable'
  }
}

/** Reads the refusal in an answer whose status is not a success. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => undefined)) as Problem | undefined
  const message = problem?.detail ?? problem?.title ?? response.statusText
  return new Refusal(response.status, message, problem?.type === undefined ? undefined : problem)
}

/** If the same request may succeed later. A broken connection is a TypeError of `fetch`. */
export const canRetry = (error: Error): boolean =>
  error instanceof Refusal ? error.status === 429 || error.status >= 500 : isBroken(error)

const isBroken = (error: Error): boolean =>
  error instanceof Unreachable || error instanceof TypeError || error.name === 'AbortError'

/** Returns the reason why `fetch` failed. */
export function causeOf(error: Error): string {
  const cause = error.cause as { code?: string; message?: string } | undefined
  return cause?.code ?? cause?.message ?? error.message
}
