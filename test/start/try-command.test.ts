// `./farm try` of a working tree that a real host builds. The commands themselves are tested in apps/cli.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { gitEnvironment } from '../support/repository.ts'

const program = fileURLToPath(new URL('../../farm', import.meta.url))

function run(farm: TestFarm, cwd: string, token: string, words: string[], url = farm.url) {
  const env = {
    ...gitEnvironment,
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? farm.directory,
    RUMPFARM_URL: url,
    RUMPFARM_TOKEN: token,
  }
  const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  return new Promise<{ exit: number | null; output: string }>(resolve =>
    child.on('close', exit => resolve({ exit, output })),
  )
}

/** A way to the farm that breaks a connection after `bytesMax` bytes of a request, the first `times` times. */
async function brittleWay(farm: TestFarm, bytesMax: number, times: number) {
  let [left, broken] = [times, 0]
  const server = createServer(client => {
    const target = connect(Number(new URL(farm.url).port), '127.0.0.1')
    let bytes = 0
    client.on('data', piece => {
      bytes += piece.length
      if (bytes < bytesMax || left === 0) return
      left--
      broken++
      // what has arrived so far reaches the farm
      target.end()
      client.destroy()
    })
    client.pipe(target).pipe(client)
    for (const socket of [client, target]) socket.on('error', () => client.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, broken: () => broken, close: () => server.close() }
}

farmTest('./farm try builds the files of a clone with all changes, and exits with the verdict', {}, async farm => {
  await farm.host('vax')
  const repository = farm.repository('sample')
  repository.commit({ 'job.sh': 'echo committed', gone: 'x', '.gitignore': 'ignored\n' })
  const clone = join(farm.directory, 'clone')
  repository.git('clone', '--quiet', repository.directory, clone)
  const { token } = await farm.api().post<{ token: string }>('/api/v1/tokens', { name: 'ada', scope: 'try' })

  writeFileSync(join(clone, 'job.sh'), 'echo changed; cat new/file; ls; exit 0\n')
  mkdirSync(join(clone, 'new'))
  writeFileSync(join(clone, 'new/file'), 'a new file\n')
  writeFileSync(join(clone, 'ignored'), 'x')
  rmSync(join(clone, 'gone'))
  const passed = await run(farm, join(clone, 'new'), token, ['try'])
  expect(passed.output).toMatch(/3 files, 1 kB packed\nbuild 1: try of sample\n.*\/builds\/1\n/)
  expect(passed.output).toContain('changed\na new file\n')
  expect(passed.output).not.toMatch(/^(gone|ignored|committed)$/m)
  expect(passed.output).toMatch(/\nBuild 1 passed: 1 passed\n$/)
  expect(passed.exit).toBe(0)

  writeFileSync(join(clone, 'job.sh'), 'exit 7\n')
  expect(await run(farm, clone, token, ['try', 'sample', '--json'])).toMatchObject({ exit: 1 })
  expect(await run(farm, clone, token, ['try', '--host', 'sun'])).toMatchObject({
    exit: 3,
    output: expect.stringContaining('no cell of sample matches these hosts'),
  })
  const api = farm.api()
  const matrix = await api.get<{ cells: { last: object | null }[] }>('/api/v1/matrix?project=sample')
  expect(matrix.cells.map(({ last }) => last)).toEqual([null])
  const { items } = await api.get<{ items: { kind: string; branch: null }[] }>('/api/v1/builds')
  expect(items.map(({ kind, branch }) => [kind, branch])).toEqual([
    ['try', null],
    ['try', null],
  ])
})

farmTest('an upload goes on where a broken connection ended', {}, async farm => {
  await farm.host('vax')
  const repository = farm.repository('sample')
  repository.commit({ 'job.sh': 'cksum large', large: randomBytes(3_000_000) })
  const way = await brittleWay(farm, 700_000, 3)
  const { exit, output } = await run(farm, repository.directory, farm.adminToken, ['try', 'sample'], way.url)
  way.close()
  expect(output).toMatch(/Build 1 passed: 1 passed\n$/)
  expect([exit, way.broken()]).toEqual([0, 3])
})
