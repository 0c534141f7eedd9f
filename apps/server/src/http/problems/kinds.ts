import type {
  AlertOutcome,
  CancelOutcome,
  InviteOutcome,
  LoginOutcome,
  PushOutcome,
  RetryOutcome,
} from '@rumpfarm/farm'

type Kind<Outcome extends { kind: string }> = Outcome['kind']

/** What the farm's verbs can say no with; the compiler asks for a line of the table for each. */
type Refused =
  | Exclude<Kind<PushOutcome>, 'built' | 'repeated'>
  | Exclude<Kind<InviteOutcome>, 'invited'>
  | Exclude<Kind<CancelOutcome>, 'cancelled' | 'nothing-to-cancel'>
  | Exclude<Kind<RetryOutcome>, 'queued'>
  | Exclude<Kind<LoginOutcome>, 'logged-in'>
  | Exclude<Kind<AlertOutcome>, 'set' | 'off' | 'unknown-host'>

/** What the server themselves say no with. */
type Own =
  | 'unknown-branch'
  | 'malformed'
  | 'address-too-long'
  | 'wrong-host'
  | 'invalid'
  | 'not-signed-in'
  | 'not-allowed'
  | 'form-expired'
  | 'bad-signature'
  | 'no-such-page'
  | 'unknown-repository'
  | 'log-gone'
  | 'artifact-gone'
  | 'token-name-taken'
  | 'body-too-large'
  | 'unsupported-type'
  | 'range-outside'
  | 'no-such-commit'
  | 'repository-problem'
  | 'key-used-before'
  | 'too-many-requests'
  | 'unavailable'
  | 'took-too-long'
  | 'storage-full'
  | 'defect'

/** Every problem there is: its HTTP status and its title. docs/api.md has the same table, and a test compares them. */
export const problemKinds = {
  malformed: [400, 'The request is malformed'],
  invalid: [400, 'The request is not as the schema says'],
  'bad-name': [400, 'That cannot be a name'],
  'bad-url': [400, 'That cannot be told anything'],
  'not-signed-in': [401, 'A token is needed'],
  'bad-signature': [401, 'The signature is not good'],
  'not-allowed': [403, 'This token may not do that'],
  'form-expired': [403, 'The form is too old'],
  unknown: [404, 'There is no such thing'],
  'unknown-project': [404, 'There is no such project'],
  'unknown-branch': [404, 'This branch was not built'],
  'unknown-repository': [404, 'No project has this repository'],
  'no-such-page': [404, 'There is no such address'],
  'log-gone': [404, 'The log is no longer kept'],
  'artifact-gone': [404, 'The file is no longer kept'],
  'name-taken': [409, 'A host has this name'],
  'token-name-taken': [409, 'A token had this name'],
  'not-finished': [409, 'The job has not ended'],
  'not-runnable': [409, 'The job cannot run again'],
  'link-not-valid': [410, 'The link is not valid'],
  'address-too-long': [414, 'The address is too long'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-type': [415, 'The body is of the wrong type'],
  'wrong-host': [421, 'The farm has another name'],
  'range-outside': [416, 'The range is outside the log or file'],
  'no-such-commit': [422, 'There is no such commit'],
  'repository-problem': [422, 'The repository cannot be read'],
  'branch-not-built': [422, 'The project does not build this branch'],
  'key-used-before': [422, 'The key was used for something else'],
  'too-many-requests': [429, 'Too many requests'],
  defect: [500, 'The farm has a defect'],
  unavailable: [503, 'The farm cannot answer now'],
  'took-too-long': [503, 'The answer takes too long'],
  'storage-full': [507, 'The disk of the farm is full'],
} as const satisfies Record<Refused | Own, readonly [status: number, title: string]>

export type ProblemKind = keyof typeof problemKinds
