import { lineFor } from '../support/agent-host.ts'
import { scriptProject, type TestFarm, type WrittenProject } from '../support/farm-fixture.ts'
import type { HostUnderTest } from './host.ts'
import { type Certificate, Wire } from './wire.ts'
import { type Scenario, World } from './world.ts'

/** The lease time of the farms in this suite: the minimum that a farm allows. */
export const leaseSeconds = 5

/** The environment of the farms that run scenarios. */
export const farmSettings = {
  LEASE_SECONDS: String(leaseSeconds),
  TRUST_PROXY: 'true', // the proxy sets X-Forwarded-Proto to show whether it uses TLS
  AGENT_VERSION_MIN: '1.1.0',
}

/** The project of one scenario in farm.yaml. Only one host may get its jobs. */
export const projectFor = (hostName: string, { project }: Scenario): WrittenProject => {
  const limits = { grace: '1s', attempts: 1, ...(project?.limits as object | undefined) }
  return { ...scriptProject(project), limits, hosts: [hostName] }
}

/**
 * Runs a scenario on a machine that is not yet enrolled. `farm` has a project with the machine's name (`projectFor`).
 * `enrolment` makes the machine's command from the line that the farm shows. The proxy forwards requests to `target`,
 * by default the main port of the farm. With a `certificate`, the proxy is a TLS front.
 */
export async function play(
  scenario: Scenario,
  farm: TestFarm,
  host: HostUnderTest,
  enrolment: (line: string) => string,
  { target = farm.url, certificate }: { target?: string; certificate?: Certificate } = {},
): Promise<void> {
  const wire = await Wire.open(target, certificate)
  try {
    scenario.before?.(wire)
    if (scenario.conf !== undefined) host.configure(scenario.conf)
    const line = await lineFor(farm.api(), host.name)
    await host.enrol(enrolment(line.replace(/\S+(?=\/agent\.sh)/, wire.url)))
    const world = new World(farm, host, wire)
    await scenario.act(world)
    await world.end()
  } catch (error) {
    if (error instanceof Error)
      error.message += `\n--- the wire carried:\n${wire.story()}\n--- the agent said:\n${host.said}\n--- the server said:\n${farm.server.lines.slice(-30).join('\n')}`
    throw error
  } finally {
    await host.close()
    await wire.close()
  }
}
