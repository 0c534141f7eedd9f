/** Splits the last segment of an address into a name and one of these extensions. The name may contain dots. */
export function fileName<Extension extends string>(
  file: string,
  extensions: readonly Extension[],
): { name: string; extension: Extension } | undefined {
  const dot = file.lastIndexOf('.')
  const extension = extensions.find(known => known === file.slice(dot + 1))
  return dot > 0 && extension !== undefined ? { name: file.slice(0, dot), extension } : undefined
}
