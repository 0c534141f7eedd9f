import { readFile } from 'node:fs/promises'
import { capture, check } from './command.ts'
import type { TestResult } from './results.ts'

const shellLine = /^#!\/bin\/sh\b|^#!\/usr\/bin\/env sh\b/

/** All sh scripts of the repository, except the agent's parts, which apps/agent/check.sh checks together. */
const shellScripts = async (): Promise<string[]> => {
  const { output } = await capture('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
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

/**
 * Two programs need two thirds of the CPU that one for each package needs. The second has the code with Preact or a browser, and
 * therefore the types of browsers, which the first must not know.
 */
const checkTypes = async (): Promise<TestResult[]> => [
  ...(await check('type check of the packages and the agent', 'tsc', ['-p', 'tsconfig.json'])),
  ...(await check('type check of the server, the command line and the tests', 'tsc', ['-p', 'test/tsconfig.json'])),
]

/** The checks that need no running farm. */
export const runChecks = async (): Promise<TestResult[]> => {
  const scripts = await shellScripts()
  const isSample = (file: string) => file.startsWith('samples/')
  const results = [
    await checkTypes(),
    await check('lint and format', 'biome', ['check', '.']),
    await check(
      'shellcheck',
      'shellcheck',
      scripts.filter(file => !isSample(file)),
    ),
    // The samples also run in Bourne shells, which have no $( ). So this check ignores advice about style.
    await check('shellcheck of the samples', 'shellcheck', ['--severity=warning', ...scripts.filter(isSample)]),
    await check('shellcheck of the agent', 'sh', ['apps/agent/check.sh']),
  ]
  return results.flat()
}
