import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml'

export type YamlPath = readonly (string | number)[]

/**
 * The position of the key or of the value at a path in a YAML document. For a path through an alias or a merge, this is
 * the position of the nearest parent that is written in the file.
 */
export function placeOf(document: Document, counter: LineCounter, path: YamlPath, what: 'key' | 'value') {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1
    const step = childOf(document, node, part)
    if (!step) break
    offset = (last && what === 'key' ? step.keyOffset : (startOf(step.node) ?? step.keyOffset)) ?? offset
    node = step.node
  }
  const { line, col } = counter.linePos(offset)
  return { line, column: col }
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)

interface Child {
  node: unknown
  keyOffset: number | undefined
}

function childOf(document: Document, parent: unknown, part: string | number): Child | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent
  if (isSeq(node)) {
    const item = node.items[Number(part)]
    return item === undefined ? undefined : { node: item, keyOffset: startOf(item) }
  }
  if (!isMap(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
  return pair && { node: pair.value as Node | null, keyOffset: startOf(pair.key) }
}
