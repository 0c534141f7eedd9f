import type {
  AcknowledgeOutcome,
  AlertOutcome,
  CancelOutcome,
  CreateTryOutcome,
  InviteOutcome,
  LoginOutcome,
  RequestOutcome,
  RetriesOutcome,
  RetryOutcome,
} from '@rumpfarm/farm'

type Kind<Outcome extends { kind: string }> = Outcome['kind']

/** The outcomes of the farm's commands that are not a success. `problemKinds` must have a row for each outcome. */
type Refused =
  | Exclude<Kind<RequestOutcome>, 'built' | 'repeated'>
  | Exclude<Kind<CreateTryOutcome>, 'created' | 'continued'>
  | Exclude<Kind<InviteOutcome>, 'invited'>
  | Exclude<Kind<CancelOutcome>, 'cancelled' | 'nothing-to-cancel'>
  | Exclude<Kind<RetryOutcome>, 'queued'>
  | Exclude<Kind<RetriesOutcome>, 'retried'>
  | Exclude<Kind<LoginOutcome>, 'logged-in'>
  | Exclude<Kind<AcknowledgeOutcome>, 'acknowledged'>
  | Exclude<Kind<AlertOutcome>, 'set' | 'set-mail' | 'off' | 'unknown-host'>

/** Problems that the server itself reports. */
type Own =
  | 'unknown-branch'
  | 'deleted-branch'
  | 'not-approvable'
  | 'not-bisectable'
  | 'bisection-ended'
  | 'malformed'
  | 'address-too-long'
  | 'wrong-host'
  | 'invalid'
  | 'not-signed-in'
  | 'not-allowed'
  | 'form-expired'
  | 'bad-signature'
  | 'no-such-page'
  | 'wrong-method'
  | 'unknown-repository'
  | 'log-gone'
  | 'log-expired'
  | 'artifact-expired'
  | 'expired'
  | 'artifact-gone'
  | 'token-name-taken'
  | 'wrong-offset'
  | 'upload-incomplete'
  | 'upload-wrong'
  | 'body-too-large'
  | 'unsupported-type'
  | 'range-outside'
  | 'no-such-commit'
  | 'fork-commit'
  | 'repository-problem'
  | 'key-in-use'
  | 'key-used-before'
  | 'too-many-requests'
  | 'unavailable'
  | 'took-too-long'
  | 'storage-full'
  | 'defect'

/** Every kind of problem, with its HTTP status and title. A test compares it with the table in docs/api.md. */
export const problemKinds = {
  malformed: [400, 'Malformed request'],
  invalid: [400, 'The request does not match the schema'],
  'bad-name': [400, 'Invalid name'],
  'bad-url': [400, 'Invalid address for alerts'],
  'not-signed-in': [401, 'Authentication required'],
  'bad-signature': [401, 'Invalid signature'],
  'not-allowed': [403, 'Permission denied'],
  'form-expired': [403, 'The form has expired'],
  unknown: [404, 'Not found'],
  'unknown-project': [404, 'Unknown project'],
  'unknown-branch': [404, 'The branch was never built'],
  'unknown-repository': [404, 'Unknown repository'],
  'no-such-page': [404, 'Unknown address'],
  'log-gone': [404, 'The log is no longer available'],
  'artifact-gone': [404, 'The artifact is no longer available'],
  'wrong-method': [405, 'The address does not accept this method'],
  'name-taken': [409, 'The host name is already used'],
  'token-name-taken': [409, 'The token name is already used'],
  'not-finished': [409, 'The job has not finished'],
  'not-runnable': [409, 'The job cannot run again'],
  'upload-wrong': [422, 'The farm cannot use the upload'],
  'too-many-jobs': [422, 'Too many jobs'],
  'too-many-tries': [409, 'Too many tries'],
  'wrong-offset': [409, 'The upload continues elsewhere'],
  'upload-incomplete': [409, 'The upload is not complete'],
  'not-failing': [409, 'The cell does not fail'],
  'not-approvable': [409, 'The commit cannot be approved'],
  'not-bisectable': [409, 'No bisection is possible'],
  'bisection-ended': [409, 'The bisection has ended'],
  'key-in-use': [409, 'The first request with this Idempotency-Key is running'],
  'link-not-valid': [410, 'Invalid login link'],
  'log-expired': [410, 'The log has expired'],
  'artifact-expired': [410, 'The artifact has expired'],
  expired: [410, 'The build has expired'],
  'deleted-branch': [410, 'The branch was deleted in its repository'],
  'address-too-long': [414, 'The address is too long'],
  'body-too-large': [413, 'The body is too large'],
  'upload-too-large': [413, 'The upload is too large'],
  'unsupported-type': [415, 'Unsupported content type'],
  'wrong-host': [421, 'Wrong host name'],
  'range-outside': [416, 'The range is outside the log or artifact'],
  'no-such-commit': [422, 'Unknown commit'],
  'fork-commit': [422, 'The commit is from a fork'],
  'repository-problem': [422, 'The repository cannot be read'],
  'branch-not-built': [422, 'The project does not build this branch'],
  'tag-not-built': [422, 'The project does not build this tag'],
  'no-such-cell': [422, 'The project builds no such cell'],
  'key-used-before': [422, 'The Idempotency-Key was used for another request'],
  'too-many-requests': [429, 'Too many requests'],
  defect: [500, 'Internal error'],
  unavailable: [503, 'The farm is not available'],
  'took-too-long': [503, 'The query takes too long'],
  'no-room-for-tries': [507, 'The farm has no room for more uploads'],
  'storage-full': [507, 'The disk of the farm is full'],
} as const satisfies Record<Refused | Own, readonly [status: number, title: string]>

export type ProblemKind = keyof typeof problemKinds
