import { looks } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { serverTest } from '../../server.fixture.ts'
import type { Grid, GridBox } from '../dashboard/components/grid/grid.ts'
import { matrixPicture, pictureColumnsMax, pictureRowsMax } from './matrix-picture.ts'
import { xmlErrors } from './xml.fixture.ts'

const at = new Date('2024-05-06T07:08:09Z')
const box = (changes: Partial<GridBox> = {}): GridBox => ({
  ...{ look: 'passed', step: null, timedOut: false, sinceMs: null, activity: null, count: 1, of: 1, href: '' },
  ...changes,
})

const gridOf = (rows: number, columns: number, boxes: GridBox[] = []): Grid => ({
  label: '',
  at,
  columns: Array.from({ length: columns }, (_, index) => ({ arch: `arch${index}`, family: 0, href: null })),
  groups: [
    {
      name: 'Net<BSD>',
      href: null,
      rows: Array.from({ length: rows }, (_, index) => ({
        host: `host"${index}`,
        href: '',
        note: '10.1 & more',
        warning: null,
        boxes: Array.from({ length: columns }, (_, column) => boxes[column] ?? box()),
      })),
    },
  ],
})

test('the picture of every look is well-formed XML, and its description names the boxes that need attention', async () => {
  const boxes = looks.map(look => box({ look, step: 'a<b>\u0001 & "c"', sinceMs: at.getTime() - 7_200_000 }))
  const svg = matrixPicture(gridOf(2, boxes.length, boxes), 'sample: 1 <new> failure')
  expect(await xmlErrors(svg)).toEqual([])
  expect(svg).toContain('<title id="t">sample: 1 &lt;new&gt; failure</title>')
  expect(svg).toMatch(/<desc id="d">host&quot;0 arch0: newly failed at a&lt;b&gt; &amp; &quot;c&quot;; /)
  expect(svg).toContain('@media(prefers-color-scheme:dark)')
  expect(svg).toContain('role="img" aria-labelledby="t d"')
})

test('a picture has a limit of rows and columns, and counts the others', async () => {
  const svg = matrixPicture(gridOf(pictureRowsMax + 3, pictureColumnsMax + 1), 'large')
  expect(svg).toContain('>3 more hosts, 1 more architecture<')
  expect(svg.match(/<g>/g)).toHaveLength(pictureRowsMax * pictureColumnsMax)
  expect(svg.length).toBeLessThan(4_000_000)
})

const sizeOf = (svg: string) => /<svg [^>]*width="([\d.]+)" height="(\d+)"/.exec(svg)?.slice(1).map(Number)

serverTest('badges of a project, host, arch and cell are SVG pictures of shields', async ({ server }) => {
  await server.configure()
  const [vax, sun] = [await server.host('vax', ['vax', 'amd64']), await server.host('sun')]
  const ask = async (url: string) => {
    const { body, headers, statusCode } = await server.ask(url)
    expect([url, statusCode, headers['content-type']]).toEqual([url, 200, 'image/svg+xml; charset=utf-8'])
    expect([url, await xmlErrors(body)]).toEqual([url, []])
    const [width = 0, height] = sizeOf(body) ?? []
    expect(width).toBeGreaterThan(30)
    expect([20, 18, 28]).toContain(height)
    return /<title>(.*?)<\/title>/.exec(body)?.[1] ?? /aria-label="([^"]*)"/.exec(body)?.[1]
  }
  await server.build()
  for (const [host, attempt, exit] of [
    [vax, '2.1', 0],
    [vax, '3.1', 2],
    [sun, '1.1', 0],
  ] as const)
    await host.end(await host.take(attempt), { exits: exit === 0 ? [0, 0] : [exit] })
  const cells = (await server.sql(
    `SELECT h.name, j.arch, a.verdict FROM "Attempt" a JOIN "Job" j ON j.id = a."jobId" JOIN "Host" h ON h.id = j."hostId" ORDER BY 1, 2`,
  )) as { name: string; arch: string; verdict: string }[]
  const failing = cells.find(({ verdict }) => verdict === 'failed')
  expect(await ask('/badges/projects/sample.svg')).toBe('sample: 1 of 3 failing')
  expect(await ask('/badges/projects/sample.svg?branch=main&style=for-the-badge')).toBe('SAMPLE: 1 OF 3 FAILING')
  expect(await ask('/badges/hosts/sun.svg')).toBe('sun: passing')
  expect(await ask('/badges/hosts/vax.svg?style=plastic')).toBe('vax: 1 of 2 failing')
  expect(await ask(`/badges/projects/sample.svg?host=vax&arch=${failing?.arch}`)).toBe(
    `sample vax ${failing?.arch}: failing`,
  )
  expect(await ask('/badges/projects/sample.svg?arch=amd64&style=nonsense')).toMatch(/^sample amd64: /)
  expect(await ask(`/badges/projects/sample.svg?host=sun&label=${encodeURIComponent('<b>&"\u0001x')}`)).toBe(
    '&lt;b&gt;&amp;&quot;x: passing',
  )
})

serverTest('an unknown name gives a grey badge, and shields.io gets an error', async ({ server }) => {
  await server.configure()
  for (const [url, words] of [
    ['/badges/projects/nothing.svg', 'nothing: project not found'],
    ['/badges/projects/sample.svg?branch=x', 'sample: branch not found'],
    ['/badges/hosts/nothing.svg', 'nothing: host not found'],
  ] as const) {
    const { body, statusCode } = await server.ask(url)
    expect([url, statusCode]).toEqual([url, 200])
    expect(body).toContain(words)
    expect((await server.ask(url.replace('.svg', '.json'))).json()).toMatchObject({ color: 'lightgrey', isError: true })
  }
  expect((await server.ask('/badges/projects/sample.json?label=a&style=social')).json()).toEqual({
    schemaVersion: 1,
    label: 'a',
    message: 'no results',
    color: 'lightgrey',
    isError: false,
    style: 'social',
  })
  const png = await server.ask('/badges/projects/sample.png')
  expect([png.statusCode, png.json().detail]).toEqual([404, expect.stringContaining('must end with .svg or .json')])
})

serverTest('caches ask again before they use a badge or picture, and other sites may show it', async ({ server }) => {
  await server.configure()
  for (const url of ['/badges/projects/sample.svg', '/matrix.svg', '/matrix.svg?project=nothing']) {
    const { headers, body } = await server.ask(url)
    expect(await xmlErrors(body)).toEqual([])
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'cross-origin-resource-policy': 'cross-origin' })
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; (style-src 'sha256-\S+'; )?frame-ancestors 'none'$/,
    )
    const again = await server.ask({ url, headers: { 'if-none-match': String(headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  }
})

serverTest('no site may show the matrix in a frame, unless EMBED_ORIGINS names it', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  const policy = (headers: object) => String(Object(headers)['content-security-policy'])
  const refused = await server.ask('/embed/matrix?project=sample')
  expect(policy(refused.headers)).toMatch(/frame-ancestors 'none'$/)
  expect(refused.body).toContain('EMBED_ORIGINS')
  const config = { ...server.config, embedOrigins: ['https://wiki.example.org', 'https://*.example.net'] }
  const app = await server.open({ config })
  const allowed = await app.inject('/embed/matrix?project=sample')
  expect(policy(allowed.headers)).toMatch(/frame-ancestors https:\/\/wiki\.example\.org https:\/\/\*\.example\.net$/)
  expect(allowed.body).not.toContain('EMBED_ORIGINS')
  expect(allowed.body).not.toMatch(/<header|<form|<script/)
  expect((await app.inject('/projects/sample')).body).toContain('&lt;iframe src=')
  const unknown = await app.inject('/embed/matrix?project=%3Cb%3E')
  expect([unknown.statusCode, unknown.body]).toEqual([404, expect.stringContaining('There is no project &lt;b>')])
  await app.close()
})
