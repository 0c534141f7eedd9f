import { quietly } from './command.ts'
import type { Tally } from './tally.ts'
import { runVitest } from './vitest.ts'

const ownNetwork = 'test/network/own-network.sh'
const deeds = [
  'ip link add here type veth peer name there',
  'tc qdisc add dev here root tbf rate 1mbit burst 3kb latency 1s',
  'nft add table inet here',
].join(' && ')

/** Why there can be no network of the tests' own here; undefined: there can. */
const obstacle = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s'
  const { ok, output } = await quietly(ownNetwork, ['sh', '-c', deeds])
  return ok ? undefined : output.trim().split('\n')[0]
}

/** The tests of hosts whose links fail, in a network of their own, which may need to be allowed. */
export const runNetwork = async (directory: string): Promise<Tally> => {
  const why = await obstacle()
  if (why === undefined)
    return runVitest(directory, { within: [ownNetwork], words: ['--config', 'test/network/vitest.config.ts'] })
  const allow = 'run them as root, or allow user namespaces (sysctl user.max_user_namespaces)'
  return { passed: 0, failed: 0, skipped: [`hosts whose links fail (test/network): ${why}; ${allow}`] }
}
