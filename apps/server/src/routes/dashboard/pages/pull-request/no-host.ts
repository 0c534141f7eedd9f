import { type BuildView, type Farm, permitsForks } from '@rumpfarm/farm'

const hostsRead = 1000

/** Why a build has no jobs, and what to do; null if it has jobs. */
export async function whyNoHost(farm: Farm, { jobs, fork }: Pick<BuildView, 'jobs' | 'fork'>): Promise<string | null> {
  if (jobs.length > 0) return null
  if (!fork) return "No host builds this pull request. Check the project's hosts and pull-requests in farm.yaml."
  const hosts = await farm.hosts.list({ limit: hostsRead })
  return hosts.some(({ rules }) => permitsForks(rules))
    ? 'The hosts that run code from forks do not match the patterns of this project in farm.yaml, so nothing builds this commit.'
    : 'No host runs code from forks, so nothing builds this commit. The owner of a host allows it with the line "allow forks" in host.conf. Then use "Build this commit again" on the page of the build.'
}
