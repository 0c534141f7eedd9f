import { createHash } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { describeMistake, type Farm, readFarmYaml, type ServerFacts } from '@rumpfarm/farm'
import type { Logger } from 'pino'

// The server polls the file, because editors replace the file and network file systems send no events.
const checkEveryMs = 1_000
/** After a load that failed, for example because the database did not answer, the server tries again. */
const againMs = 2_000

interface Given {
  path: string
  farm: Pick<Farm, 'projects'>
  /** This server. The servers of a farm agree on one file. */
  self: Pick<ServerFacts, 'id' | 'name' | 'migration'>
  log: Logger
}

/** Loads farm.yaml now and after each change. If the file has errors, the previous projects stay active. */
export async function watchFarmFile(given: Given): Promise<{ close(): Promise<void> }> {
  const { path, log } = given
  let sum: string | undefined
  const loadOnce = async () => {
    sum = await load(given, sum)
  }
  const reload = () => {
    // The loads run one after the other. So after two quick changes, the projects of the later change are active.
    loading = loading.then(loadOnce).catch(error => {
      log.error({ err: error }, 'farm.yaml could not be loaded; the server tries again')
      if (!closed) again = setTimeout(reload, againMs).unref()
    })
  }
  watchFile(path, { interval: checkEveryMs, persistent: false }, reload) // before the first load, to miss no change
  let again: NodeJS.Timeout | undefined
  let closed = false
  let loading = loadOnce()
  await loading
  return {
    close() {
      closed = true
      unwatchFile(path, reload)
      clearTimeout(again)
      return loading
    },
  }
}

/** Returns the checksum of the text, or the previous one if the text has errors. */
async function load({ path, farm, self, log }: Given, previousSum: string | undefined): Promise<string | undefined> {
  const read = await readFarmFile(path)
  if ('problems' in read) {
    const { problems } = read
    await farm.projects.rejectConfiguration(problems, self.name)
    for (const problem of problems) log.error(problem)
    const errors = problems.length === 1 ? 'one error' : `${problems.length} errors`
    log.error(`${path} has ${errors}. The farm keeps the previous version, if there is one. Fix the file`)
    return previousSum
  }
  const { sum, projects, farmWide } = read
  const decision = await farm.projects.offerFile({ sum, previousSum, server: self, projects, farmWide })
  if (decision === 'older')
    log.warn(
      { file: path },
      'this farm.yaml was active earlier; the servers of the farm have a newer one, which stays active. Copy it to this server',
    )
  else log.info({ file: path }, 'the projects of farm.yaml are active')
  return sum
}

type ReadFile = { problems: string[] } | (Extract<ReturnType<typeof readFarmYaml>, { kind: 'ok' }> & { sum: string })

/** Returns the projects of the file, or each mistake with its position. */
export async function readFarmFile(path: string): Promise<ReadFile> {
  const text = await readFile(path, 'utf8').catch((error: Error) => error)
  if (text instanceof Error) return { problems: [`${path} cannot be read: ${text.message}`] }
  const read = readFarmYaml(text, { file: basename(path), directory: dirname(path) })
  if (read.kind === 'mistakes') return { problems: read.mistakes.map(describeMistake) }
  return { ...read, sum: createHash('sha256').update(text).digest('hex') }
}
