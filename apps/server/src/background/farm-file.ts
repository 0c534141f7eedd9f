import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { describeMistake, type Farm, readFarmYaml } from '@rumpfarm/farm'
import type { Logger } from 'pino'

// Polled rather than watched: editors replace the file, and network file systems send no events.
const lookEveryMs = 1_000

type FarmFile = Pick<Farm, 'projects'>

/** Keeps the farm's projects those of farm.yaml; a file with mistakes leaves the last good ones in force. Returns how to stop. */
export async function watchFarmFile(path: string, farm: FarmFile, log: Logger): Promise<() => Promise<void>> {
  // One after the other: of two changes in quick succession the later one is in force in the end.
  let turn = Promise.resolve()
  const again = () => {
    turn = turn
      .then(() => load(path, farm, log))
      .catch(error => log.error({ err: error }, 'farm.yaml could not be put in force'))
  }
  watchFile(path, { interval: lookEveryMs, persistent: false }, again) // before it is read: no change is missed
  await load(path, farm, log)
  return () => {
    unwatchFile(path, again)
    return turn
  }
}

async function load(path: string, farm: FarmFile, log: Logger): Promise<void> {
  const problems = await apply(path, farm)
  if (problems.length === 0) return log.info({ file: path }, 'the projects of farm.yaml are in force')
  await farm.projects.rejectConfiguration(problems)
  for (const problem of problems) log.error(problem)
  log.error(
    `${path} was refused for ${problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`}; the last good one stays in force`,
  )
}

/** The problems for which the file was not put in force. */
async function apply(path: string, farm: FarmFile): Promise<string[]> {
  const read = await readFarmFile(path)
  if ('problems' in read) return read.problems
  await farm.projects.applyConfiguration(read.projects)
  return []
}

type ReadFile = { problems: string[] } | { projects: Parameters<FarmFile['projects']['applyConfiguration']>[0] }

/** Its projects, or each mistake with its place. */
export async function readFarmFile(path: string): Promise<ReadFile> {
  const text = await readFile(path, 'utf8').catch((error: Error) => error)
  if (text instanceof Error) return { problems: [`${path} cannot be read: ${text.message}`] }
  const read = readFarmYaml(text, { file: basename(path), directory: dirname(path) })
  return read.kind === 'mistakes' ? { problems: read.mistakes.map(describeMistake) } : read
}
