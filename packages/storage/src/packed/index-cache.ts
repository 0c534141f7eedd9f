import { LRUCache } from 'lru-cache'
import type { PackedIndex } from './format.ts'

/** The index of a log of 200 MB has 381 blocks, and each takes about 100 bytes of memory. */
const blocksMax = 100_000

/** The indexes of the packed logs that were read last. */
export const indexCache = () =>
  new LRUCache<string, PackedIndex>({ maxSize: blocksMax, sizeCalculation: ({ blocks }) => 1 + blocks.length })
