import { createContext, type FormHTMLAttributes, type PartialAnchorHTMLAttributes } from 'preact'
import { useContext } from 'preact/hooks'
import type { Visit } from '../visit.ts'

const PublicPath = createContext<string | undefined>(undefined)

/** Gives every link of a page the path of PUBLIC_URL: "", or for example "/farm". */
export const PublicPathProvider = PublicPath.Provider

export function usePublicPath(): string {
  const path = useContext(PublicPath)
  if (path === undefined) throw new Error('a link is rendered outside <PublicPathProvider>')
  return path
}

interface To {
  /** A path as the routes declare it, without the public path. */
  to: string
}

export const Link = ({ to, ...rest }: To & Omit<PartialAnchorHTMLAttributes<HTMLAnchorElement>, 'role'>) => (
  <a href={usePublicPath() + to} {...rest} />
)

/** A link to a page of another site, such as a forge. */
export const OutsideLink = (
  props: { href: string } & Omit<PartialAnchorHTMLAttributes<HTMLAnchorElement>, 'role' | 'href'>,
) => <a rel="nofollow noreferrer" {...props} />

export const Form = ({ to, ...rest }: To & FormHTMLAttributes) => (
  <form method="post" action={usePublicPath() + to} {...rest} />
)

/** The token is in every form that an administrator can send, so that another site cannot send the form. */
export const CsrfField = ({ visit }: { visit: Visit }) => <input type="hidden" name="_csrf" value={visit.csrf ?? ''} />
