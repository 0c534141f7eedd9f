import { capture } from './command.ts'
import type { TestResult } from './results.ts'
import { runVitest } from './vitest.ts'

const ownNetwork = 'test/network/own-network.sh'
const trial = [
  'ip link add here type veth peer name there',
  'tc qdisc add dev here root tbf rate 1mbit burst 3kb latency 1s',
  'nft add table inet here',
].join(' && ')

/** The reason why this machine cannot make a network for the tests; undefined if it can. */
const findObstacle = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'only Linux has network namespaces'
  const { ok, output } = await capture(ownNetwork, ['sh', '-c', trial])
  return ok ? undefined : output.trim().split('\n')[0]
}

/** Runs the tests of bad network links in a separate network. Some systems do not allow a separate network. */
export const runNetwork = async (directory: string): Promise<TestResult[]> => {
  const why = await findObstacle()
  if (why === undefined)
    return runVitest(directory, {
      within: [ownNetwork],
      words: ['--config', 'test/network/vitest.config.ts'],
      beside: true,
    })
  const allow = 'run them as root, or allow user namespaces (sysctl user.max_user_namespaces)'
  const name = 'hosts with bad network links (test/network)'
  return [{ file: '', name, status: 'skipped', error: `${why}; ${allow}` }]
}
