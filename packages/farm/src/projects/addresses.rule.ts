import { hideSecrets } from '@rumpfarm/contracts'

interface WithAddress {
  repository: string
}

/** The same with a repository address that has no password or token: pages and the API show it. */
export const withoutSecret = <Item extends WithAddress>(item: Item): Item => ({
  ...item,
  repository: hideSecrets(item.repository),
})

/** The same for a project or a recipe, and for its further sources. */
export const withoutSecrets = <Item extends WithAddress & { sources: WithAddress[] }>(item: Item): Item => ({
  ...withoutSecret(item),
  sources: item.sources.map(withoutSecret),
})
