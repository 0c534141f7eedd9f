const artifactsMax = 100

/** Why there is no room for one more artifact of this size beside the others of its attempt; undefined if there is room. */
export function artifactRefusal(
  size: number,
  others: { count: number; bytes: number },
  bytesMax: number,
): string | undefined {
  if (bytesMax === 0) return 'the recipe names no artifacts'
  if (others.count >= artifactsMax) return `${artifactsMax} files are stored already, which is the maximum`
  if (others.bytes + size <= bytesMax) return undefined
  const more = others.count > 0 ? `, and ${others.bytes} bytes of others are stored already` : ''
  return `it has ${size} bytes${more}; limits.artifacts is ${bytesMax}`
}
