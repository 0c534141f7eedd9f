/** Bundles `{ name: URL of a .ts file }` and returns `{ name: URL of the bundle }`. `packagesInside` is for tests. */
export declare const bundle: <Name extends string>(
  entries: Record<Name, URL>,
  options?: { packagesInside?: boolean },
) => Promise<Record<Name, string>>
