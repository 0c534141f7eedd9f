/** What a build builds. Only a build of the kind `branch` changes cells. */
export const buildKinds = ['branch', 'tag', 'pull-request', 'try'] as const
export type BuildKind = (typeof buildKinds)[number]

/** Why somebody or something requested a build; `source` is a push to a further source of the project. */
export const buildCauses = ['push', 'hand', 'poll', 'schedule', 'source', 'bisection'] as const
export type BuildCause = (typeof buildCauses)[number]
