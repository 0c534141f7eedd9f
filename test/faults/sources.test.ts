import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'

const step = { steps: [{ job: 'sh ./job.sh' }] }
const farm = sharedFarm({
  projects: {
    sample: step,
    moving: step,
    gone: { ...step, repository: './no-such-repository' },
    further: { ...step, sources: { lib: { repository: './repositories/lib', 'commit-from': '.librev' } } },
  },
})

const nowhere = '1'.repeat(40)

test('if the repository of a build is missing, the build is broken and shows the message of git', async () => {
  await farm().wireHost('vax')
  const build = await farm().trigger(nowhere, 'gone')
  const job = await (await build.job()).finished()
  expect(job).toMatchObject({ verdict: 'broken', attempts: [{ reason: 'sources' }] })
  expect(job.attempts[0]?.detail).toMatch(/no-such-repository.*(not|no) /)
  expect((await build.view()).problem).toBe(job.attempts[0]?.detail)
})

test('if the missing repository of a broken build exists again, a second trigger runs the build', async () => {
  const { directory } = farm().repository('moving')
  const commit = farm().repository('moving').commit({ 'job.sh': 'echo moved' })
  renameSync(directory, `${directory}-away`)
  const host = await farm().wireHost('pdp')
  const job = await (await farm().trigger(commit, 'moving')).job('pdp')
  expect((await job.finished()).verdict).toBe('broken')

  renameSync(`${directory}-away`, directory)
  await farm().trigger(commit, 'moving')
  expect((await host.runs(1)).attempt).toBe(`${job.id}.2`)
  expect((await job.view()).attempts.map(({ verdict }) => verdict)).toEqual(['passed', 'broken'])
})

test('the farm refuses a trigger of a commit that does not exist, names the commit, and builds nothing', async () => {
  await farm().push()
  await expect(farm().trigger(nowhere)).rejects.toThrow(/has no commit 1{40}; newest of main is [0-9a-f]{40}/)
  await expect(farm().trigger('no-such-branch')).rejects.toThrow(/no-such-branch/)
})

test('if a tarball is deleted between the claim and the download, the farm makes the tarball again', async () => {
  const host = await farm().wireHost('alpha')
  await farm().push({ 'job.sh': 'echo hello', 'deep/file.txt': 'a file\n' })
  const offer = await host.job(1)
  const tarballs = join(farm().directory, 'data', 'sources', 'tarballs')
  expect(readdirSync(tarballs).length).toBeGreaterThan(0)
  for (const name of readdirSync(tarballs)) rmSync(join(tarballs, name), { recursive: true })

  const answer = await host.source(offer, 1)
  expect(answer.headers.get('content-type')).toBe('application/gzip')
  const bytes = Buffer.from(await answer.arrayBuffer())
  const [, size] = (offer.lines.find(([key]) => key === 'source')?.[1] ?? '').split(' ')
  expect(bytes.length).toBe(Number(size))
  expect(gunzipSync(bytes).toString('latin1')).toContain('a file\n')
})

test('an additional source has the commit that a file of the first source names', async () => {
  const lib = farm().repository('lib')
  const wanted = lib.commit({ 'lib.c': 'int wanted;\n' })
  lib.commit({ 'lib.c': 'int newer;\n' })
  const host = await farm().wireHost('mips')
  await farm().push({ 'job.sh': 'echo', '.librev': `${wanted}\n` }, 'further')
  const offer = await host.job(1)
  expect(offer.lines.filter(([key]) => key === 'source').map(([, value]) => value.split(' ')[0])).toEqual([
    'further',
    'lib',
  ])
  const bytes = Buffer.from(await (await host.source(offer, 2)).arrayBuffer())
  expect(gunzipSync(bytes).toString('latin1')).toContain('int wanted;')
})

test('if the file for an additional source names no commit, the build is broken and shows the file’s text', async () => {
  await farm().wireHost('sparc')
  const build = await farm().push({ 'job.sh': 'echo', '.librev': 'newest please\n' }, 'further')
  const { problem } = await build.prepared()
  expect(problem).toBe('source lib: .librev must contain a full commit, but it begins with "newest please"')
})
