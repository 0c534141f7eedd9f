/** `{ name: URL of a .ts file }` to `{ name: URL of the bundle }`. */
export declare const bundle: <Name extends string>(entries: Record<Name, URL>) => Promise<Record<Name, string>>
