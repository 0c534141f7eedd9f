import type { Contexts } from '../context.ts'
import { createLoginLink, findSession, logIn, logOut } from './login-links.ts'
import { beginRequest, deleteOldRequests, endRequest, forgetRequest } from './repeated-requests.ts'
import { checkSignature, deleteOldSignedRuns, findSigners, type SignedRequest } from './signatures.ts'
import { admitToken, createToken, findToken, listTokens, revokeToken, type TokenScope } from './tokens.ts'

export type { LoginLink, LoginOutcome } from './login-links.ts'
export type { SignatureOutcome, SignedRequest, Signer } from './signatures.ts'
export type { TokenBearer, TokenScope } from './tokens.ts'

/** API tokens, browser sessions and signed requests. */
export const accessMethods = ({ main, pages, lookups }: Contexts) => ({
  createToken: (name: string, scope: TokenScope) => createToken(main, name, scope),
  admitToken: (name: string, token: string, scope: TokenScope) => admitToken(main, name, token, scope),
  revokeToken: (name: string) => revokeToken(main, name),
  listTokens: (page: { after?: string | undefined; limit: number }) => listTokens(pages, page),
  /** The name and scope of a valid token. */
  findToken: (token: string) => findToken(lookups, token),

  /** A one-time link that logs an administrator's browser in. */
  createLoginLink: (tokenHash: string) => createLoginLink(main, tokenHash),
  logIn: (token: string) => logIn(main, token),
  logOut: (session: string) => logOut(main, session),
  /** The token that created a valid session. */
  findSession: (session: string) => findSession(lookups, session),

  findSigners: (names: readonly string[]) => findSigners(main, names),
  /** Whether a request is signed correctly, recent, and received for the first time. */
  checkSignature: (key: string, request: SignedRequest) => checkSignature(main, key, request),
  /** Requests that a client repeats with the same key. */
  beginRequest: (key: string, request: string) => beginRequest(main, key, request),
  endRequest: (key: string, status: number, answer: unknown) => endRequest(main, key, status, answer),
  forgetRequest: (key: string) => forgetRequest(main, key),
  deleteOldRequests: () => deleteOldRequests(main),
  deleteOldSignedRuns: () => deleteOldSignedRuns(main),
})
