import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FarmClient, startTry, type Try, uploadTry } from '@rumpfarm/client'
import type { Context } from '../context.ts'
import { command, type Exit, exits } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import { counted } from '../terminal/words.ts'
import { treeEntries } from '../working-tree/entries.ts'
import { findTree, type Tree } from '../working-tree/find-tree.ts'
import { packTree } from '../working-tree/pack.ts'
import { followLogs } from './follow-logs.ts'
import { findProject } from './try-project.ts'
import { buildExit, countsText } from './verdicts.ts'
import { watchBuild } from './watch.ts'

export const tryTree = command({
  says: 'Build the files of this directory, with all changes that are not committed.',
  more: [
    'The farm builds the files that git tracks, and the new files that it does not ignore. Without PROJECT, the project is',
    'the one whose repository is a remote of this clone. The command prints the logs, and exits with the verdict.',
    'It needs a token with the scope try. A try never changes the matrix. Ctrl-C cancels it.',
  ],
  args: { project: { optional: true, says: 'the name of the project', completes: 'project' } },
  flags: {
    host: { kind: 'list', value: 'PATTERN', says: 'only these hosts', completes: 'host' },
    arch: { kind: 'list', value: 'PATTERN', says: 'only these arches' },
    variant: { kind: 'list', value: 'PATTERN', says: 'only these variants' },
  },
  examples: ['try', 'try sample --host vax --arch vax'],
  async run(context, { args, flags }) {
    const tree = await findTree(context.directory)
    const client = await context.farm()
    const project = await findProject(client, args.project, tree)
    const wanted = {
      ...(flags.host.length > 0 ? { hosts: flags.host } : {}),
      ...(flags.arch.length > 0 ? { arches: flags.arch } : {}),
      ...(flags.variant.length > 0 ? { variants: flags.variant } : {}),
    }
    const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-try-'))
    try {
      const file = join(directory, 'tree.tar.gz')
      const root = project.path === undefined ? tree.root : join(tree.root, project.path)
      const entries = await treeEntries({
        directory: root,
        leaveOut: project.leaveOut,
        submodules: project.submodules === true,
      })
      if (entries.length === 0) throw new Error(`git knows no files in ${root}`)
      const packed = await packTree(entries, file, context.signal)
      await context.notes.write(`${counted(entries.length, 'file')}, ${sizeText(packed.bytes)} packed\n`)
      const announced = { ...packed, ...describe(tree), ...wanted }
      const begun = await client.post('/api/v1/projects/{name}/tries', {
        params: { path: { name: project.name } },
        body: announced,
      })
      return await whileRunning(client, begun, context, () => buildTree(client, begun, file, context))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
})

const describe = ({ commit, subject, author }: Tree) => ({ commit, subject, ...(author ? { author } : {}) })

const sizeText = (bytes: number) =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

/** Cancels the try if the person presses Ctrl-C. */
async function whileRunning(
  client: FarmClient,
  { id }: Try,
  { signal, notes }: Context,
  work: () => Promise<Exit>,
): Promise<Exit> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) {
      await client.delete('/api/v1/tries/{id}', { params: { path: { id } } }).catch(() => {})
      await notes.write('the try is cancelled\n')
    }
    throw error
  }
}

async function buildTree(client: FarmClient, begun: Try, file: string, context: Context): Promise<Exit> {
  const { signal, out, json, style } = context
  await upload(client, begun, file, context)
  const { buildId, url } = await startTry(client, begun.id, { signal })
  if (buildId === null) throw new Error('the farm did not start the build')
  if (json) return watchBuild(client, buildId, context)
  await out.write(`build ${buildId}: try of ${clean(begun.project)}\n${clean(url ?? '')}\n`)
  const { counts, problem } = await followLogs(client, buildId, context)
  const exit = buildExit(counts)
  const word = { [exits.passed]: 'passed', [exits.failed]: 'failed' }[exit as number] ?? 'has no verdict'
  if (problem) await out.write(`${clean(problem)}\n`)
  await out.write(`Build ${buildId} ${style(exit === exits.passed ? 'green' : 'red', word)}: ${countsText(counts)}\n`)
  return exit
}

async function upload(client: FarmClient, { id, bytes, received }: Try, path: string, context: Context): Promise<void> {
  const { notes, signal } = context
  if (received > 0) await notes.write(`continuing an upload: the farm has ${sizeText(received)}\n`)
  const file = await open(path)
  try {
    const read = async (start: number, end: number) => {
      const part = Buffer.alloc(end - start)
      const { bytesRead } = await file.read(part, 0, part.length, start)
      return part.subarray(0, bytesRead)
    }
    await uploadTry(client, id, { bytes, read }, { signal })
  } finally {
    await file.close()
  }
}
