import { hideSecrets } from '@rumpfarm/contracts'

interface WithAddress {
  repository: string
}

/** A copy for pages and the API: the address of its repository has no password or token. */
export const withoutSecret = <Item extends WithAddress>(item: Item): Item => ({
  ...item,
  repository: hideSecrets(item.repository),
})

/** A copy of a project or a recipe. The addresses of its repository and of its sources have no password or token. */
export const withoutSecrets = <Item extends WithAddress & { sources: WithAddress[] }>(item: Item): Item => ({
  ...withoutSecret(item),
  sources: item.sources.map(withoutSecret),
})
