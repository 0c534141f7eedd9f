const artifactsMax = 100

/** Why the farm does not store another artifact of this size for an attempt; undefined if there is room for it. */
export function artifactRefusal(
  size: number,
  others: { count: number; bytes: number },
  bytesMax: number,
): string | undefined {
  if (bytesMax === 0) return 'the recipe names no artifacts'
  if (others.count >= artifactsMax) return `${artifactsMax} files are already stored, which is the maximum`
  if (others.bytes + size <= bytesMax) return undefined
  const more = others.count > 0 ? `, and ${others.bytes} bytes of other files are already stored` : ''
  return `it has ${size} bytes${more}; limits.artifacts is ${bytesMax}`
}
