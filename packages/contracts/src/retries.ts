/** Which jobs of a build to run again. */
export const retrySelections = ['all', 'failed', 'lost'] as const
export type RetrySelection = (typeof retrySelections)[number]
