/** How one request fails: the request is lost, or the farm handles it and loses, cuts or replaces the answer. */
export type Fault =
  | 'lost-request'
  | 'lost-answer'
  | 'cut-answer'
  | { status: number; body: string }
  | { answer: string }

/** The faults that have not happened yet, by the kind of the request. */
export class Faults {
  private waiting: { kind: string; fault: Fault; times: number }[] = []

  injectFault(kind: string, fault: Fault, times = 1) {
    this.waiting.push({ kind, fault, times })
  }

  clearFaults() {
    this.waiting = []
  }

  get left(): number {
    return this.waiting.reduce((sum, { times }) => sum + times, 0)
  }

  /** The fault for this request, if any. */
  next(kind: string): Fault | undefined {
    const found = this.waiting.find(each => each.kind === kind && each.times > 0)
    if (found) found.times -= 1
    return found?.fault
  }
}

/** The protocol's name for the kind of a request. */
export const kindOf = (method: string, path: string): string => {
  if (method === 'GET' && path === '/agent.sh') return 'script'
  if (method === 'GET' && path === '/agent/v1/agent') return 'agent'
  const [, kind] = /^\/agent\/v1\/(enroll|hello|claim|service|bye)$/.exec(path) ?? []
  if (kind && method === 'POST') return kind
  if (method === 'GET' && /^\/agent\/v1\/attempts\/[^/]+\/sources\/[1-9]$/.test(path)) return 'source'
  const [, call] = /^\/agent\/v1\/attempts\/[^/]+\/(progress|finish)$/.exec(path) ?? []
  if (call && method === 'POST') return call
  return method === 'POST' && /^\/agent\/v1\/attempts\/[^/]+\/artifacts\/./.test(path) ? 'artifact' : 'unknown'
}
