import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { components, FarmClient } from '@rumpfarm/client'
import { command, exits, type Group } from '../parsing/command.ts'
import { didYouMean } from '../parsing/suggest.ts'
import { clean } from '../terminal/clean.ts'
import { table } from '../terminal/table.ts'
import { size } from '../terminal/words.ts'

type Attempt = components['schemas']['Job']['attempts'][number]
type Artifact = Attempt['artifacts'][number]

const job = { number: true, says: 'the number of the job', completes: 'job' } as const
const attempt = {
  kind: 'number',
  value: 'N',
  min: 1,
  max: 1_000_000,
  says: 'this attempt instead of the newest one',
} as const

async function findAttempt(client: FarmClient, id: number, number?: number): Promise<Attempt> {
  const { attempts } = await client.get('/api/v1/jobs/{id}', { params: { path: { id } } })
  const found = number === undefined ? attempts[0] : attempts.find(one => one.number === number)
  if (!found) throw new Error(`job ${id} has no attempt ${number}`)
  return found
}

const list = command({
  says: 'List the artifacts of a job.',
  args: { job },
  flags: { attempt },
  async run({ farm, style, out }, { args, flags }) {
    const found = await findAttempt(await farm(), args.job, flags.attempt)
    const rows = found.artifacts.map(({ bytes, sha256, name }) => [size(bytes), sha256, name])
    const lines =
      rows.length > 0
        ? table(rows, { head: ['SIZE', 'SHA-256', 'NAME'], style, columns: out.columns() })
        : ['no artifacts']
    return {
      value: { items: found.artifacts, note: found.artifactNote },
      lines: [...lines, ...(found.artifactNote === null ? [] : [clean(found.artifactNote)])],
    }
  },
})

const get = command({
  says: 'Download an artifact of a job, and check its SHA-256.',
  args: { job, name: { says: 'the name of the artifact, as in artifact list' } },
  flags: {
    output: {
      kind: 'text',
      short: 'o',
      value: 'FILE',
      says: 'write this file; -: write to standard output',
      completes: 'file',
    },
    force: { kind: 'switch', says: 'replace an existing file' },
    attempt,
  },
  examples: ['artifact get 123 dist/hello-1.0.tar.gz', 'artifact get 123 dist/hello-1.0.tar.gz -o - | tar -tzf -'],
  async run(context, { args, flags }) {
    const client = await context.farm()
    const found = await findAttempt(client, args.job, flags.attempt)
    const names = found.artifacts.map(({ name }) => name)
    const artifact = found.artifacts.find(({ name }) => name === args.name)
    if (!artifact)
      throw new Error(`attempt ${found.attempt} has no artifact "${args.name}"${didYouMean(args.name, names)}`)
    const path = `/api/v1/jobs/${args.job}/attempts/${found.number}/artifacts/${encodeURIComponent(artifact.name)}`
    const { body } = await client.fetch(path, { headers: { accept: '*/*' }, signal: context.signal })
    if (!body) throw new Error('the farm sent no file')
    const source = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
    if (flags.output === '-') {
      const check = checker(artifact)
      for await (const chunk of source.pipe(check.stream)) await context.out.write(chunk as Uint8Array)
      check.verify()
      return exits.passed
    }
    const file = resolve(context.directory, flags.output ?? basename(artifact.name))
    await save(source, artifact, { file, replace: flags.force })
    return {
      value: { file, ...artifact },
      lines: [`${clean(file)}: ${size(artifact.bytes)}, SHA-256 ${artifact.sha256}`],
    }
  },
})

/** Counts and hashes the bytes. A connection that breaks must not leave a file that looks whole. */
function checker({ name, bytes, sha256 }: Artifact) {
  const hash = createHash('sha256')
  let count = 0
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      count += chunk.length
      done(null, chunk)
    },
  })
  const verify = () => {
    if (count !== bytes) throw new Error(`${clean(name)}: ${count} of ${bytes} bytes arrived; try again`)
    if (hash.digest('hex') !== sha256)
      throw new Error(`${clean(name)}: the SHA-256 of the file differs from the farm's`)
  }
  return { stream, verify }
}

/** Writes beside the file, and renames at the end. */
async function save(
  source: Readable,
  artifact: Artifact,
  { file, replace }: { file: string; replace: boolean },
): Promise<void> {
  if (!replace && existsSync(file)) throw new Error(`${file} exists; use --force to replace it, or --output FILE`)
  const part = join(`${file}.${process.pid}.part`)
  const check = checker(artifact)
  try {
    await pipeline(source, check.stream, createWriteStream(part, { flags: 'wx' }))
    check.verify()
    renameSync(part, file)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

export const artifact: Group = { says: 'List or download the files that jobs have uploaded.', commands: { list, get } }
