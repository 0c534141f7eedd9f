import type { RetrySelection } from '@rumpfarm/contracts'

export const retryTitle: Record<RetrySelection, string> = {
  all: 'Run all jobs again',
  failed: 'Run the failed jobs again',
  lost: 'Run the lost jobs again',
}

/** Which jobs belong to each selection. */
export const retryLead: Record<RetrySelection, string> = {
  all: 'Every finished job gets a new attempt with its recipe and sources.',
  failed:
    'Jobs that failed, timed out, or did not run because of an error get a new attempt with their recipe and sources.',
  lost: 'Jobs whose host was lost get a new attempt with their recipe and sources.',
}
