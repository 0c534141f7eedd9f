import { createContext, type FormHTMLAttributes, type PartialAnchorHTMLAttributes } from 'preact'
import { useContext } from 'preact/hooks'

const PublicPath = createContext<string | undefined>(undefined)

/** Everything drawn in a page is drawn within it: where the farm's paths begin for browsers ("" or "/farm"). */
export const Below = PublicPath.Provider

export function usePublicPath(): string {
  const path = useContext(PublicPath)
  if (path === undefined) throw new Error('a link is drawn outside <Below>, which knows where the farm lies')
  return path
}

interface To {
  /** A path of the farm's own, as its routes have it. */
  to: string
}

export const A = ({ to, ...rest }: To & Omit<PartialAnchorHTMLAttributes<HTMLAnchorElement>, 'role'>) => (
  <a href={usePublicPath() + to} {...rest} />
)

export const Form = ({ to, ...rest }: To & FormHTMLAttributes) => (
  <form method="post" action={usePublicPath() + to} {...rest} />
)
