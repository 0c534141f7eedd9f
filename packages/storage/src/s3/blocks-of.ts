/** The same bytes in blocks of `size` bytes. The last block can be smaller. Copies the bytes. */
export async function* blocksOf(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + size - bytes)
      kept.push(Buffer.from(part))
      at += part.length
      bytes += part.length
      if (bytes < size) continue
      yield Buffer.concat(kept)
      kept = []
      bytes = 0
    }
  }
  if (bytes > 0) yield Buffer.concat(kept)
}
