/** Where the farm keeps logs, artifacts and tarballs: in one directory, or in a bucket, with a directory for each server. */
export const storages = ['directory', 's3'] as const
export type StorageKind = (typeof storages)[number]
