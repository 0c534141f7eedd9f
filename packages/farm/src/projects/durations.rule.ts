const secondsOf = { d: 86_400, h: 3600, m: 60, s: 1 }

/** The seconds of a duration such as `80m` or `1h30m`. The schema has already checked the format. */
export const readDuration = (text: string): number =>
  [...text.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * secondsOf[unit as keyof typeof secondsOf],
    0,
  )

/** The seconds between two looks at a repository; 0 if the farm never looks. */
export const readPoll = (text: string): number => (text === 'never' ? 0 : readDuration(text))
