/** The bucket does not answer, or refuses a request. The caller can try again later. */
export class StorageAwayError extends Error {
  readonly code = 'STORAGE_AWAY'
}

/** The index names an object, and the bucket does not have it. For example, somebody deleted it, or restored an old database. */
export class ObjectGoneError extends Error {
  readonly code = 'ENOENT'
}

interface SdkError {
  name?: string
  message?: string
  $metadata?: { httpStatusCode?: number }
}

/**
 * An error for the log. The SDK's own error is not a part of it: some storages repeat the id of the key in their
 * answers, and the SDK keeps these answers in its errors.
 */
export function bucketError(verb: string, error: unknown): Error {
  const { name = 'Error', message = '', $metadata } = (error ?? {}) as SdkError
  const status = $metadata?.httpStatusCode
  if (name === 'NoSuchKey' || (status === 404 && name !== 'NoSuchBucket'))
    return new ObjectGoneError('the object is not in the bucket')
  const why = status === undefined ? shortOf(message) : `HTTP status ${status}`
  const advice = adviceFor(name, status)
  return new StorageAwayError(`the bucket does not take the request ${verb}: ${name}: ${why}${advice && `. ${advice}`}`)
}

/** What the operator can do, if the error says it. */
function adviceFor(name: string, status: number | undefined): string {
  if (name === 'NoSuchBucket') return 'Create the bucket, or correct its name in STORAGE_URL'
  if (name === 'CredentialsProviderError') return 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
  if (status === 401 || status === 403)
    return 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the rights of this key'
  return ''
}

const shortOf = (message: string): string => message.split('\n')[0]?.slice(0, 200) ?? ''

/** Whether the bucket does not answer, so that the caller can only try again later. */
export const isStorageAway = (error: unknown): boolean =>
  (error as { code?: unknown } | undefined)?.code === 'STORAGE_AWAY'

/** Whether the bucket has lost the bytes of a file, so that the caller can never read them. */
export const isObjectGone = (error: unknown): boolean => error instanceof ObjectGoneError
