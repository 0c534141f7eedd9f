import createClient, { type FetchResponse, type MaybeOptionalInit } from 'openapi-fetch'
import type { paths } from './generated/api.ts'
import { causeOf, Refusal, refusalOf, Unreachable } from './refusal.ts'

export interface ClientOptions {
  /** The address of the farm, with the path of its PUBLIC_URL if it has one. */
  url: string
  /** Without a token, the client can only read. */
  token?: string | undefined
  /** Replaces the message of the farm if it does not know the token (status 401). */
  badToken?: string | undefined
  /** Replaces the global `fetch`, for example to repeat requests. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
}

type MediaType = `${string}/${string}`

export type Method = 'get' | 'post' | 'delete'

/** The paths of the API that have this method. */
export type PathWith<Verb extends Method> = {
  [Path in keyof paths]: paths[Path] extends { [verb in Verb]: object } ? Path : never
}[keyof paths]

type Success<Operation, Init, Media extends MediaType> = Exclude<
  FetchResponse<Operation & Record<string, unknown>, Init, Media>['data'],
  undefined
>

/** The answer of an operation, if it succeeds: its JSON value, or another type if it never answers with JSON. */
export type Answer<Verb extends Method, Path extends PathWith<Verb>, Init = unknown> = [
  Success<paths[Path][Verb], Init, 'application/json'>,
] extends [never]
  ? Success<paths[Path][Verb], Init, MediaType>
  : Success<paths[Path][Verb], Init, 'application/json'>

/** The parameters of a request. A caller can leave them out if none of them is required. */
type InitOf<Init> = object extends Init ? [init?: Init] : [init: Init]

type Ask<Verb extends Method> = <Path extends PathWith<Verb>, Init extends MaybeOptionalInit<paths[Path], Verb>>(
  path: Path,
  ...init: InitOf<Init>
) => Promise<Answer<Verb, Path, Init>>

/**
 * A client of one farm. Every function throws a `Refusal` if the farm refuses the request or cannot answer it now, and
 * `Unreachable` if no server answers.
 */
export interface FarmClient {
  readonly url: string
  /** `path` is a path of the OpenAPI document, such as `/api/v1/jobs/{id}`. `init` has its parameters. */
  get: Ask<'get'>
  post: Ask<'post'>
  delete: Ask<'delete'>
  /** Sends any request to the farm. The path begins with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/** Opens a client. It sends no request yet. */
export function farmClient({ url, token, badToken, fetch = globalThis.fetch }: ClientOptions): FarmClient {
  const send = async (request: Request): Promise<Response> => {
    if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`)
    if (!request.headers.has('accept')) request.headers.set('accept', 'application/json, */*;q=0.5')
    const response = await reach(fetch, request)
    if (response.body) requests.set(response.body, request)
    if (response.ok) return response
    const refusal = await refusalOf(response)
    throw response.status === 401 && badToken !== undefined ? new Refusal(401, badToken, refusal.problem) : refusal
  }
  const api = createClient<paths>({ baseUrl: url, fetch: send })
  const dataOf = async (asked: Promise<{ data?: unknown }>) => (await asked).data
  return {
    url,
    get: (path: never, init: never) => dataOf(api.GET(path, init)),
    post: (path: never, init: never) => dataOf(api.POST(path, init)),
    delete: (path: never, init: never) => dataOf(api.DELETE(path, init)),
    fetch: (path, init) => send(new Request(`${url}${path}`, init)),
  } as FarmClient
}

/**
 * The request of each answer whose body somebody reads. Node.js forgets the signal of a request when the garbage collector
 * removes the request. Then an abort would not end the body (https://github.com/nodejs/node/issues/55428).
 */
const requests = new WeakMap<ReadableStream, Request>()

async function reach(fetch: (request: Request) => Promise<Response>, request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    const { origin } = new URL(request.url)
    throw new Unreachable(`no farm answers at ${origin} (${causeOf(error as Error)})`, error as Error)
  }
}
