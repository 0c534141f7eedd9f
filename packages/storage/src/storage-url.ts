/** A bucket of an S3-compatible storage, and how the farm uses it. */
export interface BucketPlace {
  bucket: string
  /** The names of all objects begin with it: "", or for example "farm/". */
  prefix: string
  /** The address of the storage; undefined for Amazon. */
  endpoint: string | undefined
  region: string
  /** How the storage encrypts objects; undefined if the bucket decides it. */
  encryption: 'AES256' | 'aws:kms' | undefined
  /** The key of `aws:kms`; undefined for the storage's own key. */
  kmsKey: string | undefined
}

const parameters = ['endpoint', 'region', 'encryption', 'kms-key']

export const storageUrlExample = 's3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1'

/**
 * Reads STORAGE_URL. Throws a StorageUrlError for the operator. Its message does not contain the address, because
 * somebody could have written a password in it.
 */
export function readStorageUrl(text: string): BucketPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 's3:' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname))
    throw new StorageUrlError(`it is not an address such as ${storageUrlExample}`)
  if (url.username + url.password !== '')
    throw new StorageUrlError('it has a user or a password: use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  for (const name of url.searchParams.keys())
    if (!parameters.includes(name))
      throw new StorageUrlError(`unknown parameter "${name}"; the parameters are ${parameters.join(', ')}`)
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '')
  if (!/^[A-Za-z0-9._/-]*$/.test(prefix))
    throw new StorageUrlError('the path may have only letters, digits, ".", "_", "-" and "/"')
  return {
    bucket: url.hostname,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: endpointOf(url.searchParams.get('endpoint')),
    region: url.searchParams.get('region') || 'us-east-1',
    ...encryptionOf(url.searchParams),
  }
}

function endpointOf(text: string | null): string | undefined {
  if (!text) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '') return text
  throw new StorageUrlError('endpoint must be an address such as https://s3.example.org')
}

function encryptionOf(query: URLSearchParams): Pick<BucketPlace, 'encryption' | 'kmsKey'> {
  const [encryption, kmsKey] = [query.get('encryption') || undefined, query.get('kms-key') || undefined]
  if (encryption !== undefined && encryption !== 'AES256' && encryption !== 'aws:kms')
    throw new StorageUrlError('encryption must be AES256 or aws:kms')
  if (kmsKey !== undefined && encryption !== 'aws:kms') throw new StorageUrlError('kms-key needs encryption=aws:kms')
  return { encryption, kmsKey }
}

/** Thrown if STORAGE_URL is wrong. The message continues the sentence "STORAGE_URL is wrong:". */
export class StorageUrlError extends Error {}
