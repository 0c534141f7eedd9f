import type { FarmClient } from '@rumpfarm/client'
import type { Context } from '../context.ts'
import { command, type Exit, exits } from '../parsing/command.ts'
import { followBuild } from './follow-build.ts'
import { jsonProgress, lineProgress, screenProgress } from './progress.ts'
import { buildExit, countsText } from './verdicts.ts'

/** Shows the progress of a build until it ends. Returns the exit code of its verdict. */
export async function watchBuild(client: FarmClient, id: number, context: Context): Promise<Exit> {
  const { out, json, style, signal, now } = context
  const progress = json
    ? jsonProgress(out)
    : out.isTerminal
      ? screenProgress(out, style, now)
      : lineProgress(out, style, now)
  try {
    const { counts } = await followBuild(client, id, { signal, show: build => progress.show(build) })
    progress.end()
    const exit = buildExit(counts)
    const word = { [exits.passed]: 'passed', [exits.failed]: 'failed' }[exit as number] ?? 'has no verdict'
    if (!json)
      await out.write(`Build ${id} ${style(exit === exits.passed ? 'green' : 'red', word)}: ${countsText(counts)}\n`)
    return exit
  } catch (error) {
    progress.end()
    throw error
  }
}

export const watch = command({
  says: 'Follow a build until all its jobs have ended.',
  more: [
    'A terminal shows a display that changes. A pipe gets one line for each change, and --json one JSON object.',
    'The exit code is 0 if all jobs have passed, 1 if a job has failed, and 3 if there is no verdict.',
  ],
  args: { build: { number: true, says: 'the number of the build', completes: 'build' } },
  async run(context, { args }) {
    return watchBuild(await context.farm(), args.build, context)
  },
})
