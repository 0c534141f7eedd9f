import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openMirrors } from '@rumpfarm/connectors'
import { expect } from 'vitest'
import { serverTest } from '../../server.fixture.ts'
import { prepareSources } from './prepare-sources.ts'

const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']

/** Creates a SHA-256 repository with one file, and returns the commit. */
function sha256Repository(directory: string, file: string, content: string): string {
  const git = (...args: string[]) => execFileSync('git', [...identity, '-C', directory, ...args], { encoding: 'utf8' })
  execFileSync('git', ['init', '--quiet', '--object-format=sha256', '--initial-branch=main', directory])
  writeFileSync(join(directory, file), content)
  git('add', '--all')
  git('commit', '--quiet', '--message', 'First')
  return git('rev-parse', 'HEAD').trim()
}

serverTest(
  'the server prepares sources from SHA-256 repositories, even if a file names the commit',
  async ({ server }) => {
    const directory = dirname(server.repository.directory)
    const [first, second] = [join(directory, 'first'), join(directory, 'second')]
    const named = sha256Repository(second, 'a.c', '/* a */\n')
    const commit = sha256Repository(first, 'src.commit', `${named}\n`)
    const further = { name: 'src', repository: second, commitFrom: 'src.commit', leaveOut: [] }
    await server.configure({ repository: first, sources: [further] })
    const of = { kind: 'branch', branch: 'main' } as const
    const request = { project: 'sample', commit, of, cause: 'push', source: 'test', deliveryId: 'd1' } as const
    expect(await server.farm.builds.request(request)).toMatchObject({ kind: 'built', buildId: 1 })

    const mirrors = openMirrors({ directory: join(directory, 'prepared'), environment: process.env })
    const read: string[] = []
    const requests = { readBranches: (project: string) => void read.push(project) }
    await prepareSources({ farm: server.farm, mirrors, requests } as never, { buildId: 1 })
    mirrors.close()
    const build = await server.farm.builds.find(1)
    expect(build).toMatchObject({ sources: 'ready', problem: null, subject: 'First' })
    expect(build?.preparedSources).toMatchObject([{ commit }, { name: 'src', commit: named }])
    expect(read).toEqual(['sample'])
  },
)
