/** The largest numbers of live pages. */
export interface StreamLimits {
  /** The maximum for the whole server. */
  all: number
  /** The maximum for one address. */
  address: number
  /** The maximum for one administrator's session, even if its pages come from several addresses. */
  session: number
}

export type StreamLimit = keyof StreamLimits

/** The descriptors that stay free for hosts, logs, the database and other requests. */
const descriptorsKept = 512

/**
 * The limits of a process that may open this many descriptors. The event streams of the API count as live pages. In most
 * browsers, all pages share one socket. All clients together have no fixed maximum: they can use all sockets except for
 * those that the hosts and the other requests need.
 */
export const streamLimitsFor = (descriptors: number): StreamLimits => ({
  all: Math.max(Math.floor(descriptors / 2), descriptors - descriptorsKept),
  address: 60,
  session: 30,
})

/** The limits of this process. */
export const streamLimits = (): StreamLimits => streamLimitsFor(descriptorsOfProcess())

interface Report {
  userLimits?: { open_files?: { soft: number | 'unlimited' } }
}

/** The number of files and sockets that this process may open at once. Node raises the soft limit to the hard limit. */
function descriptorsOfProcess(): number {
  // Without this, the report would also look up the names of all connections.
  const report = Object.assign(process.report, { excludeNetwork: true })
  const soft = (withoutStackTrace(() => report.getReport()) as Report).userLimits?.open_files?.soft ?? 1_024
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft)
}

/** A report has a stack trace. For its lines, Node would keep the whole source map of the server in memory, 30 MB. */
function withoutStackTrace<Result>(run: () => Result): Result {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** How the server refuses a stream. */
export interface StreamRefusal {
  status: 429 | 503
  kind: 'too-many-requests' | 'unavailable'
  detail: string
  retryAfterSeconds: number
}

const retryAfterSeconds = 30

/** For a server that stops. Another server, or the next start, takes the stream. */
export const stopping: StreamRefusal = {
  status: 503,
  kind: 'unavailable',
  detail: 'this server stops: connect again',
  retryAfterSeconds: 1,
}

export function refusalOf(limit: StreamLimit, limits: StreamLimits): StreamRefusal {
  if (limit === 'all') {
    const detail = 'this server cannot open more live pages and event streams now: try again later'
    return { status: 503, kind: 'unavailable', detail, retryAfterSeconds }
  }
  const owner = { address: 'this address', session: 'this session' }[limit]
  const detail = `${limits[limit]} live pages or event streams are open from ${owner}: close some, or try again later`
  return { status: 429, kind: 'too-many-requests', detail, retryAfterSeconds }
}
