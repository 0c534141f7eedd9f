import { readFile } from 'node:fs/promises'
import { check, quietly } from './command.ts'
import { add, type Tally } from './tally.ts'

const shellLine = /^#!\/bin\/sh\b|^#!\/usr\/bin\/env sh\b/

/** Every sh script of the repository but the agent's parts, which make sense only together: check.sh sees to them. */
const shellScripts = async (): Promise<string[]> => {
  const { output } = await quietly('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  const files = output.split('\n').filter(file => file !== '' && !file.startsWith('apps/agent/'))
  const firstLines = await Promise.all(
    files.map(file =>
      readFile(file, 'utf8').then(
        text => text.slice(0, 40),
        () => '',
      ),
    ),
  )
  return files.filter((_, index) => shellLine.test(firstLines[index] ?? ''))
}

/** Everything that needs no running farm. */
export const runChecks = async (): Promise<Tally> => {
  const scripts = await shellScripts()
  const isSample = (file: string) => file.startsWith('samples/')
  const results = [
    await check('type check of all packages', 'turbo', [
      'run',
      'typecheck',
      '--output-logs=errors-only',
      '--no-update-notifier',
    ]),
    await check('lint and format', 'biome', ['check', '.']),
    await check(
      'shellcheck',
      'shellcheck',
      scripts.filter(file => !isSample(file)),
    ),
    // The samples are for Bourne shells, too, which have no $( ): only what is wrong in any shell counts there.
    await check('shellcheck of the samples', 'shellcheck', ['--severity=warning', ...scripts.filter(isSample)]),
    await check('shellcheck of the agent', 'sh', ['apps/agent/check.sh']),
  ]
  return results.reduce(add)
}
