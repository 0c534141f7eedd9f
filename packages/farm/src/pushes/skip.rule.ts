// The words that GitHub, GitLab, Gitea and Bitbucket obey, and the same for this farm.
const marks = /\[(?:skip ci|ci skip|no ci|skip farm|farm skip)\]/i

/** The words in a commit's message that ask for no build, such as `[skip ci]`; undefined if there are none. */
export const skipMark = (message: string): string | undefined => marks.exec(message)?.[0]
