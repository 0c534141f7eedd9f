import type pg from 'pg'
import { old } from './history.ts'

/** The names and numbers in the addresses of the bench. */
export interface Places {
  /** The newest failed job with a log, and its build. */
  job: number
  build: number
  /** A job and a build at the beginning of the history. */
  oldJob: number
  oldBuild: number
  project: string
  host: string
  arch: string
  variant: string
  branch: string
  test: number
  bisection: number
  pullRequest: number
}

/** The addresses of a path, with their filters. The text is the reason why the bench does not request the path. */
export type Addresses = readonly string[] | string

const endless = 'an answer without an end'
const own = 'needs the credential or the link of one host or person'
const rows = 'the bench has no such rows: one row by its key'
const file = 'a file, without the database'

const states = ['active', 'waiting', 'queued', 'running', 'finished', 'passed', 'failed', 'timed-out', 'lost', 'broken']

const query = (filters: Record<string, string | number | undefined>): string => {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined)
  return given.length === 0
    ? ''
    : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(`${value}`)}`).join('&')}`
}

/** Every combination of filters that the list of jobs offers, with places of today and of the beginning. */
function jobLists({ host, arch, variant, project, build, oldBuild }: Places): string[] {
  const places = [
    {},
    ...[{ host }, { arch }, { variant }, { host: old.host }, { arch: old.arch }, { variant: old.variant }],
  ]
  const combinations = places.flatMap(place =>
    [undefined, project, old.project].flatMap(project =>
      [undefined, ...states].map(status => query({ ...place, project, status })),
    ),
  )
  const ofBuilds = [build, oldBuild].flatMap(build => [
    query({ build }),
    query({ build, status: 'failed' }),
    query({ build, host, arch, variant, project, status: 'passed' }),
  ])
  return [...combinations, ...ofBuilds, query({ limit: 200 })].map(filters => `/api/v1/jobs${filters}`)
}

/**
 * All paths of the server that accept GET, as its routes name them. A test compares this list with the server, so that no
 * route is forgotten.
 */
export function addressesOf(places: Places): Record<string, Addresses> {
  const { job, build, oldJob, oldBuild, project, host, arch, variant, branch, test, bisection, pullRequest } = places
  const api = '/api/v1'
  const cell = `${host}/${arch}/${variant}`
  const jobs = [job, oldJob]
  const builds = [build, oldBuild]
  const hosts = [host, old.host]
  const each = <Value>(values: readonly Value[], path: (value: Value) => string) => values.map(path)
  const matrixFilters = [{}, { project }, { project, branch }, { host }, { arch }, { variant, project }].map(query)
  return {
    '/': [...matrixFilters, '?detailed=1'].map(filters => `/${filters}`),
    '/agent.sh': file,
    '/agent/v1/agent': own,
    '/agent/v1/attempts/:attempt/sources/:number': own,
    '/api/v1/bisections': [`${api}/bisections`, `${api}/bisections?project=${project}`],
    '/api/v1/bisections/:id': [`${api}/bisections/${bisection}`],
    '/api/v1/builds': [
      {},
      { project },
      { project: old.project },
      { probes: 'false' },
      { project, probes: 'false' },
      { limit: 200 },
    ].map(filters => `${api}/builds${query(filters)}`),
    '/api/v1/builds/:id': each(builds, id => `${api}/builds/${id}`),
    '/api/v1/builds/:id/changes': each(builds, id => `${api}/builds/${id}/changes`),
    '/api/v1/builds/:id/failures': each(builds, id => `${api}/builds/${id}/failures`),
    '/api/v1/builds/:id/tests': each(builds, id => `${api}/builds/${id}/tests`),
    '/api/v1/builds/:id/traits': each(builds, id => `${api}/builds/${id}/traits`),
    '/api/v1/deliveries': [`${api}/deliveries`],
    '/api/v1/deliveries/:id': rows,
    '/api/v1/docs': file,
    '/api/v1/events': endless,
    '/api/v1/hosts': [`${api}/hosts`],
    '/api/v1/hosts/:name': each(hosts, name => `${api}/hosts/${name}`),
    '/api/v1/jobs': jobLists(places),
    '/api/v1/jobs/:id': each(jobs, id => `${api}/jobs/${id}`),
    '/api/v1/jobs/:id/artifacts/*': file,
    '/api/v1/jobs/:id/artifacts/:name': file,
    '/api/v1/jobs/:id/attempts/:number/artifacts/*': file,
    '/api/v1/jobs/:id/attempts/:number/artifacts/:name': file,
    '/api/v1/jobs/:id/attempts/:number/failure': [`${api}/jobs/${job}/attempts/1/failure`],
    '/api/v1/jobs/:id/attempts/:number/log': [`${api}/jobs/${job}/attempts/1/log`],
    '/api/v1/jobs/:id/attempts/:number/log/lines': [`${api}/jobs/${job}/attempts/1/log/lines`],
    '/api/v1/jobs/:id/attempts/:number/log/search': [`${api}/jobs/${job}/attempts/1/log/search?find=error`],
    '/api/v1/jobs/:id/attempts/:number/tests': [`${api}/jobs/${job}/attempts/1/tests`],
    '/api/v1/jobs/:id/comparison': [`${api}/jobs/${job}/comparison`],
    '/api/v1/jobs/:id/expectation': each(jobs, id => `${api}/jobs/${id}/expectation`),
    '/api/v1/jobs/:id/failure': [`${api}/jobs/${job}/failure`],
    '/api/v1/jobs/:id/log': [`${api}/jobs/${job}/log`],
    '/api/v1/jobs/:id/log/lines': [`${api}/jobs/${job}/log/lines`],
    '/api/v1/jobs/:id/log/search': [`${api}/jobs/${job}/log/search?find=error`],
    '/api/v1/jobs/:id/tests': [`${api}/jobs/${job}/tests`],
    '/api/v1/matrix': matrixFilters.map(filters => `${api}/matrix${filters}`),
    '/api/v1/matrix/boxes/:host/:arch': [`${api}/matrix/boxes/${host}/${arch}`],
    '/api/v1/matrix/news': matrixFilters.map(filters => `${api}/matrix/news${filters}`),
    '/api/v1/notification-channels': [`${api}/notification-channels`],
    '/api/v1/notifications': [`${api}/notifications`],
    '/api/v1/openapi.json': file,
    '/api/v1/projects': [`${api}/projects`],
    '/api/v1/projects/:name': [`${api}/projects/${project}`],
    '/api/v1/projects/:name/acknowledgements': [`${api}/projects/${project}/acknowledgements`],
    '/api/v1/projects/:name/cells': [
      `${api}/projects/${project}/cells`,
      `${api}/projects/${project}/cells?host=${host}`,
    ],
    '/api/v1/projects/:name/cells/:host/:arch/:variant': [`${api}/projects/${project}/cells/${cell}`],
    '/api/v1/projects/:name/commit-table': [`${api}/projects/${project}/commit-table`],
    '/api/v1/projects/:name/commits': [
      `${api}/projects/${project}/commits`,
      `${api}/projects/${project}/commits?branch=${branch}`,
    ],
    '/api/v1/projects/:name/last-good': [`${api}/projects/${project}/last-good`],
    '/api/v1/projects/:name/pull-requests': [`${api}/projects/${project}/pull-requests`],
    '/api/v1/projects/:name/pull-requests/:number': [`${api}/projects/${project}/pull-requests/${pullRequest}`],
    '/api/v1/projects/:name/repositories': [`${api}/projects/${project}/repositories`],
    '/api/v1/projects/:name/retention': [`${api}/projects/${project}/retention?logs=90d`],
    '/api/v1/projects/:name/schedules': [`${api}/projects/${project}/schedules`],
    '/api/v1/projects/:name/statuses': [`${api}/projects/${project}/statuses`],
    '/api/v1/projects/:name/tests': [`${api}/projects/${project}/tests`],
    '/api/v1/projects/:name/tests/:id': [`${api}/projects/${project}/tests/${test}`],
    '/api/v1/queue': [{}, { host }, { project }].map(filters => `${api}/queue${query(filters)}`),
    '/api/v1/tokens': [`${api}/tokens`],
    '/api/v1/tries/:id': rows,
    '/approvals': ['/approvals'],
    '/assets': file,
    '/badges/hosts/:file': [`/badges/hosts/${host}.svg`],
    '/badges/projects/:file': [`/badges/projects/${project}.svg`],
    '/bisections': ['/bisections'],
    '/bisections/:id': [`/bisections/${bisection}`],
    '/bisections/new': [`/bisections/new?job=${job}`],
    '/builds': ['/builds', `/builds?q=${build}`, '/builds?q=abcd', `/builds?q=abcd&project=${project}`],
    '/builds/:id': each(builds, id => `/builds/${id}`),
    '/builds/:id/retry': each(builds, id => `/builds/${id}/retry`),
    '/builds/:id/tests': each(builds, id => `/builds/${id}/tests`),
    '/cctray.xml': ['/cctray.xml'],
    '/cells/:host/:arch': [`/cells/${host}/${arch}`],
    '/deliveries': ['/deliveries'],
    '/deliveries/:id': rows,
    '/embed/matrix': [`/embed/matrix?project=${project}`],
    '/events': endless,
    '/farm.schema.json': file,
    '/favicon.ico': file,
    '/favicon.svg': file,
    '/feeds/:file': ['/feeds/changes.atom', '/feeds/changes.json'],
    '/feeds/hosts/:file': each(hosts.slice(0, 1), name => `/feeds/hosts/${name}.atom`),
    '/feeds/projects/:file': [`/feeds/projects/${project}.atom`, `/feeds/projects/${project}.atom?branch=${branch}`],
    '/feeds/projects/:project/cells/:host/:arch/:file': [`/feeds/projects/${project}/cells/${cell}.atom`],
    '/healthz': ['/healthz'],
    '/hosts': ['/hosts', `/hosts?q=${host}`],
    '/hosts/:name': each(hosts, name => `/hosts/${name}`),
    '/hosts/new': own,
    '/jobs/:id': each(jobs, id => `/jobs/${id}`),
    '/jobs/:id/attempts/:number': each(jobs, id => `/jobs/${id}/attempts/1`),
    '/jobs/:id/attempts/:number/tests': [`/jobs/${job}/attempts/1/tests`],
    '/jobs/:id/compare': [`/jobs/${job}/compare`],
    '/jobs/:id/retry': each(jobs, id => `/jobs/${id}/retry`),
    '/jobs/:id/tests': [`/jobs/${job}/tests`],
    '/login/:token': own,
    '/lost': ['/lost', `/lost?project=${project}`],
    '/matrix.svg': [`/matrix.svg?project=${project}`],
    '/metrics': ['/metrics'],
    '/notifications': ['/notifications'],
    '/projects/:name': [`/projects/${project}`],
    '/projects/:name/cells/:host/:arch/:variant': [`/projects/${project}/cells/${cell}`],
    '/projects/:name/commits': [`/projects/${project}/commits`, `/projects/${project}/commits?branch=${branch}`],
    '/projects/:name/last-good': [`/projects/${project}/last-good`],
    '/projects/:name/pull-requests': [`/projects/${project}/pull-requests`],
    '/projects/:name/pull-requests/:number': [`/projects/${project}/pull-requests/${pullRequest}`],
    '/projects/:name/tests': [`/projects/${project}/tests`],
    '/projects/:name/tests/:id': [`/projects/${project}/tests/${test}`],
    '/projects/:name/webhooks': [`/projects/${project}/webhooks`],
    '/queue': ['/queue', `/queue?host=${host}`, `/queue?project=${project}`],
    '/readyz': ['/readyz'],
    '/retention': ['/retention'],
    '/robots.txt': file,
    '/subscriptions': ['/subscriptions'],
    '/subscriptions/:token': own,
    '/subscriptions/requested': file,
  }
}

/** Chooses the places from the rows of the farm. */
export async function findPlaces(db: pg.Client): Promise<Places> {
  const { rows } = await db.query<Places>(`
    SELECT failed."jobId" AS "job", failed."buildId" AS "build", 1 AS "oldJob", 1 AS "oldBuild", failed."projectName" AS "project",
           host."name" AS "host", failed."arch", failed."variant", COALESCE(branch."name", 'main') AS "branch",
           (SELECT "id" FROM "Test" WHERE "projectName" = failed."projectName" ORDER BY "id" LIMIT 1) AS "test",
           (SELECT "id" FROM "Bisection" ORDER BY "id" LIMIT 1) AS "bisection",
           (SELECT "number" FROM "PullRequest" WHERE "projectName" = failed."projectName" ORDER BY "id" LIMIT 1) AS "pullRequest"
      FROM "Failure" failed JOIN "Host" host ON host."id" = failed."hostId"
      JOIN "Cell" cell ON cell."jobId" = failed."jobId" AND cell."branch" = 'main'
      LEFT JOIN LATERAL (SELECT "name" FROM "Branch" WHERE "projectName" = failed."projectName" AND "removedAt" IS NULL AND "name" <> 'main'
                          ORDER BY "pushedAt" DESC LIMIT 1) branch ON true
     WHERE EXISTS (SELECT FROM "Test" WHERE "projectName" = failed."projectName") AND failed."number" = 1
     ORDER BY failed."jobId" DESC LIMIT 1`)
  const [places] = rows
  if (!places) throw new Error('the bench found no failed job with a log and tests')
  return places
}
