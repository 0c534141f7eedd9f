import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { describeMistake, type Farm, readFarmYaml } from '@rumpfarm/farm'
import type { Logger } from 'pino'

// The server polls the file, because editors replace the file and network file systems send no events.
const checkEveryMs = 1_000

type FarmFile = Pick<Farm, 'projects'>

/** Loads farm.yaml now and after each change. If the file has errors, the previous projects stay active. */
export async function watchFarmFile(path: string, farm: FarmFile, log: Logger): Promise<{ close(): Promise<void> }> {
  const reload = () => {
    // The loads run one after the other. So after two quick changes, the projects of the later change are active.
    loading = loading
      .then(() => load(path, farm, log))
      .catch(error => log.error({ err: error }, 'farm.yaml could not be loaded'))
  }
  watchFile(path, { interval: checkEveryMs, persistent: false }, reload) // before the first load, to miss no change
  let loading = load(path, farm, log)
  await loading
  return {
    close() {
      unwatchFile(path, reload)
      return loading
    },
  }
}

async function load(path: string, farm: FarmFile, log: Logger): Promise<void> {
  const problems = await apply(path, farm)
  if (problems.length === 0) return log.info({ file: path }, 'the projects of farm.yaml are active')
  await farm.projects.rejectConfiguration(problems)
  for (const problem of problems) log.error(problem)
  const errors = problems.length === 1 ? 'one error' : `${problems.length} errors`
  log.error(`${path} has ${errors}; the previous version stays active. Fix the file`)
}

/** Applies the file, unless it has problems. Returns the problems. */
async function apply(path: string, farm: FarmFile): Promise<string[]> {
  const read = await readFarmFile(path)
  if ('problems' in read) return read.problems
  await farm.projects.applyConfiguration(read.projects, read.farmWide)
  return []
}

type ReadFile = { problems: string[] } | Extract<ReturnType<typeof readFarmYaml>, { kind: 'ok' }>

/** Returns the projects of the file, or each mistake with its position. */
export async function readFarmFile(path: string): Promise<ReadFile> {
  const text = await readFile(path, 'utf8').catch((error: Error) => error)
  if (text instanceof Error) return { problems: [`${path} cannot be read: ${text.message}`] }
  const read = readFarmYaml(text, { file: basename(path), directory: dirname(path) })
  return read.kind === 'mistakes' ? { problems: read.mistakes.map(describeMistake) } : read
}
