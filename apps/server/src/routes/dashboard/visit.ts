import type { FastifyRequest } from 'fastify'
import { csrfToken, isAdmin } from '../../auth/plugin.ts'
import { farmTime } from '../../farm-time.ts'
import type { Services } from '../../services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The time before the first database query of a request. Changes after this time can be missing on the page. */
    arrivedAt: number
  }
}

/** The visitor, the time and the address of a request for a page. */
export interface Visit {
  at: Date
  admin: boolean
  /** The token of every form; undefined for visitors who may not send forms. */
  csrf: string | undefined
  path: string
  /** The path of PUBLIC_URL: "", or for example "/farm". */
  publicPath: string
  /** Whether a person can receive messages by mail. */
  follows?: boolean
  /** The repository of each project, for links to forges. Absent on pages that must not query the database. */
  repositories?: ReadonlyMap<string, string>
  /** The errors of the newest farm.yaml. While it has errors, the previous version stays active. */
  configErrors: readonly string[]
  /** For administrators: what is wrong between the servers of the farm. */
  serverProblems?: readonly string[]
}

/** The farm can send mail, and knows its own address for the links in it. */
export const canFollow = ({ notifiers, publicUrl }: Services['config']): boolean =>
  notifiers.smtpUrl !== undefined && publicUrl !== undefined

export async function visitOf(
  { farm, config, serverProblems }: Pick<Services, 'farm' | 'config' | 'serverProblems'>,
  request: FastifyRequest,
): Promise<Visit> {
  const { problems, acceptedAt } = await farm.projects.configurationState()
  return {
    ...anonymousVisit(request),
    at: new Date(request.arrivedAt),
    admin: isAdmin(request),
    follows: canFollow(config),
    csrf: csrfToken(request),
    configErrors: problems,
    serverProblems: isAdmin(request) ? (serverProblems?.() ?? []) : [],
    repositories: await repositoriesOf(farm, acceptedAt),
  }
}

const known = new WeakMap<Services['farm'], { acceptedAt: number; repositories: ReadonlyMap<string, string> }>()

/** The repositories change only with farm.yaml, so most pages need no query for them. */
async function repositoriesOf(farm: Services['farm'], accepted: Date | null): Promise<ReadonlyMap<string, string>> {
  const acceptedAt = accepted?.getTime() ?? 0
  const last = known.get(farm)
  if (last?.acceptedAt === acceptedAt) return last.repositories
  const repositories = await farm.projects.repositories()
  known.set(farm, { acceptedAt, repositories })
  return repositories
}

/** Used for pages that look the same for everybody, and for error pages, which must not query the database. */
export const anonymousVisit = (request: FastifyRequest): Visit => ({
  at: new Date(farmTime()),
  admin: false,
  csrf: undefined,
  path: pathOf(request),
  publicPath: request.server.publicPath,
  configErrors: [],
})

export const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] ?? '/'
