import type { Scenario } from '../world.ts'
import { agentScenarios } from './agent.ts'
import { artifactScenarios } from './artifacts.ts'
import { endingScenarios } from './endings.ts'
import { jobScenarios } from './jobs.ts'
import { updateScenarios } from './updates.ts'
import { wireScenarios } from './wire.ts'

/** The promises of the farm to every host, with any shell, HTTP client and launcher. */
export const scenarios: readonly Scenario[] = [
  ...jobScenarios,
  ...artifactScenarios,
  ...wireScenarios,
  ...endingScenarios,
  ...agentScenarios,
  ...updateScenarios,
]

/** The scenarios for emulated machines. */
export const coreScenarios: readonly Scenario[] = scenarios.filter(({ core }) => core)
