/** `{ name: URL of a .ts file }` to `{ name: URL of the bundle }`; `packagesInside`: for tests. */
export declare const bundle: <Name extends string>(
  entries: Record<Name, URL>,
  options?: { packagesInside?: boolean },
) => Promise<Record<Name, string>>
