import type { Scenario } from '../world.ts'
import { agentScenarios } from './agent.ts'
import { artifactScenarios } from './artifacts.ts'
import { endingScenarios } from './endings.ts'
import { jobScenarios } from './jobs.ts'
import { updateScenarios } from './updates.ts'
import { wireScenarios } from './wire.ts'

/** What the farm promises of every host, whatever its shell, its HTTP client and its way to start a job. */
export const scenarios: readonly Scenario[] = [
  ...jobScenarios,
  ...artifactScenarios,
  ...wireScenarios,
  ...endingScenarios,
  ...agentScenarios,
  ...updateScenarios,
]

/** Those for emulated machines. */
export const coreScenarios: readonly Scenario[] = scenarios.filter(({ core }) => core)
