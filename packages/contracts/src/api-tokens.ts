import Type from 'typebox'
import { maybeMoment, maybeText, moment, oneOf, page } from './api-formats.ts'
import { tokenScopes } from './api-requests.ts'

export const Invitation = Type.Object(
  {
    token: Type.String(),
    line: Type.String({ description: 'Command to run once on the host' }),
    signedLine: maybeText('The same command for a host without TLS 1.2; null: this farm accepts no signed requests'),
    expiresAt: moment('When the invitation expires'),
  },
  { $id: 'Invitation' },
)
export const LoginLink = Type.Object(
  { url: Type.String({ description: 'Address that works once' }), expiresAt: moment('When the address expires') },
  { $id: 'LoginLink' },
)
export const Token = Type.Object(
  {
    name: Type.String(),
    scope: oneOf(tokenScopes, 'Permission of the token'),
    token: Type.String({ description: 'The token; the farm does not show it again' }),
  },
  { $id: 'Token' },
)
export const TokenView = Type.Object(
  {
    name: Type.String(),
    scope: oneOf(tokenScopes, 'Permission of the token'),
    createdAt: moment('When the token was created'),
    lastUsedAt: maybeMoment('Time of the last use, to the minute; null: the token was never used'),
    revokedAt: maybeMoment('When the token was revoked; null: the token is valid'),
  },
  { $id: 'TokenView', description: 'Name and permission of a token, without the token itself' },
)
export const TokenPage = page(TokenView)
