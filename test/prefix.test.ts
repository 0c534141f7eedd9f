// Tests of a farm below a path: PUBLIC_URL is https://example.org/farm, and a proxy removes the path from each request.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentHost, lineFor } from './support/agent-host.ts'
import { scriptProject } from './support/farm-fixture.ts'
import { sharedFarm } from './support/farm-test.ts'
import { type Api, testApi } from './support/patient-api.ts'
import { PrefixProxy } from './support/prefix-proxy.ts'

const proxy = await PrefixProxy.open('/farm')
afterAll(() => proxy.close())

const farm = sharedFarm({
  environment: { PUBLIC_URL: proxy.url },
  projects: { sample: scriptProject({ artifacts: ['made/*'] }) },
})

let api: Api
let host: AgentHost
let jobId: number
let session: string

beforeAll(async () => {
  proxy.farmUrl = farm().url
  api = testApi(proxy.url, farm().adminToken)
  host = await farm().host('below', { by: ({ line }) => line })
  const build = await farm().push('echo "farm $FARM_URL"; mkdir made; echo x >made/a')
  const job = await build.job('below')
  await job.finished()
  jobId = job.id
  await farm().push('exit 3')
  session = await signIn()
})

test('the command for a host contains the path, and the agent uses this path to enrol, run jobs and send logs and files', async () => {
  expect(await lineFor(api, 'another')).toContain(` ${proxy.url}/agent.sh `)
  expect(host.read('farm')).toContain(proxy.url)
  const job = farm().job(jobId)
  expect((await job.view()).verdict).toBe('passed')
  expect((await job.log()).toString()).toContain(`farm ${proxy.url}\n`)
  expect((await job.artifact('made/a')).toString()).toBe('x\n')
})

test.each(['a visitor', 'an administrator'])(
  'for %s, the address of every link, script, stream and form is below the path, and the farm answers it',
  async who => {
    const { broken, pages } = await crawl(who === 'a visitor' ? {} : { cookie: session })
    expect(broken).toEqual([])
    expect(proxy.outside).toEqual([])
    expect(pages).toEqual(
      expect.arrayContaining(['/farm/', '/farm/builds', '/farm/hosts/below', `/farm/jobs/${jobId}`]),
    )
  },
)

test('login, forms and logout lead to pages below the path, and the cookie is valid for this path only', async () => {
  const { url } = await api.post<{ url: string }>('/api/v1/login-links')
  expect(url).toMatch(`${proxy.url}/login/`)
  const signedIn = await fetch(url, { method: 'POST', redirect: 'manual' })
  expect(signedIn.headers.get('location')).toBe('/farm/')
  expect(signedIn.headers.get('set-cookie')).toContain('; Path=/farm; ')
  const cookie = cookieOf(signedIn)
  const page = await (await fetch(`${proxy.url}/projects/sample`, { headers: { cookie } })).text()
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
  const post = (path: string, fields: Record<string, string> = {}) =>
    fetch(proxy.url + path, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ _csrf: csrf, ...fields }),
      redirect: 'manual',
    })
  const triggered = await post('/projects/sample/trigger', { ref: 'main' })
  expect([triggered.status, triggered.headers.get('location')]).toEqual([
    303,
    expect.stringMatching(/^\/farm\/builds\/\d+\?built=before$/),
  ])
  const signedOut = await post('/logout')
  expect(signedOut.headers.get('location')).toBe('/farm/')
  expect(signedOut.headers.get('set-cookie')).toContain('; Path=/farm; ')
})

test('next links, Location headers and problems of the API contain the path', async () => {
  const first = await fetch(`${proxy.url}/api/v1/builds?limit=1`)
  const { next } = (await first.json()) as { next: string }
  expect(first.headers.get('link')).toBe(`<${next}>; rel="next"`)
  const second = await fetch(new URL(next, proxy.url))
  expect(((await second.json()) as { items: unknown[] }).items).toHaveLength(1)

  const headers = { authorization: `Bearer ${farm().adminToken}`, 'content-type': 'application/json' }
  const wish = { method: 'POST', headers, body: '{"again":true}' }
  const made = await fetch(`${proxy.url}/api/v1/projects/sample/builds`, wish)
  const { id, url } = (await made.json()) as { id: number; url: string }
  expect(made.headers.get('location')).toBe(`/farm/api/v1/builds/${id}`)
  expect(url).toBe(`${proxy.url}/builds/${id}`)

  const missing = await fetch(`${proxy.url}/api/v1/jobs/999`)
  expect(await missing.json()).toMatchObject({ instance: '/farm/api/v1/jobs/999' })
  const { servers } = await api.get<{ servers: unknown }>('/api/v1/openapi.json')
  expect(servers).toEqual([{ url: proxy.url }])
})

test('the farm also works if the proxy keeps the path in its requests, and without a proxy', async () => {
  for (const path of ['/farm', '/farm/', '/', '/farm/builds?before=9', '/builds'])
    expect((await fetch(farm().url + path)).status, path).toBe(200)
  expect((await fetch(`${farm().url}/farmer`)).status).toBe(404)
  expect((await testApi(`${farm().url}/farm`, farm().adminToken).get<{ id: number }>(`/api/v1/jobs/${jobId}`)).id).toBe(
    jobId,
  )
})

const cookieOf = (answer: Response): string => answer.headers.get('set-cookie')?.split(';')[0] ?? ''

async function signIn(): Promise<string> {
  const { url } = await api.post<{ url: string }>('/api/v1/login-links')
  return cookieOf(await fetch(url, { method: 'POST', redirect: 'manual' }))
}

/** Requests every address on the pages and on the linked pages. The requests to addresses of forms have no session. */
async function crawl(headers: Record<string, string>): Promise<{ broken: string[]; pages: string[] }> {
  const broken: string[] = []
  const pages: string[] = []
  const seen = new Set([`GET ${proxy.url}/`])
  for (const wish of seen) {
    const [method = '', address = ''] = wish.split(' ')
    const isForm = method === 'POST'
    const answer = await fetch(address, { method, ...(isForm ? {} : { headers }), redirect: 'manual' })
    const isRight = isForm ? [303, 401].includes(answer.status) : answer.status < 400
    if (!isRight || !address.startsWith(`${proxy.url}/`)) broken.push(`${wish}: ${answer.status}`)
    const isPage = answer.headers.get('content-type')?.startsWith('text/html')
    if (!isPage) await answer.body?.cancel() // a stream has no end
    for (const found of isPage && !isForm ? wishesOf(await answer.text(), address) : []) seen.add(found)
    const location = answer.headers.get('location')
    if (location !== null) seen.add(`GET ${new URL(location, address)}`)
    if (isPage && !isForm) pages.push(new URL(address).pathname)
  }
  return { broken, pages }
}

function wishesOf(html: string, page: string): string[] {
  const isQuery = (form: string) => /\smethod="?get"?[\s>]/.test(form)
  const shown = html.replace(/<pre class="command">[^<]*<\/pre>/g, '') // texts that a reader copies, also HTML
  const pageOnly = shown.replace(/<form\b[^>]*>/g, form => (isQuery(form) ? form.replace('action=', 'href=') : form))
  const attributes = pageOnly.matchAll(/\s(href|src|action|data-events|data-connection)=(?:"([^"]*)"|([^\s>]+))/g)
  return [...attributes].map(([, name, quoted, bare]) => {
    const address = new URL((quoted ?? bare ?? '').replaceAll('&amp;', '&'), page)
    address.hash = ''
    return `${name === 'action' ? 'POST' : 'GET'} ${address}`
  })
}
