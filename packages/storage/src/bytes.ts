import type { Bytes } from './storage.ts'

export const piecesOf = (bytes: Bytes): readonly Uint8Array[] => (bytes instanceof Uint8Array ? [bytes] : bytes)

export const lengthOf = (bytes: Bytes): number => piecesOf(bytes).reduce((sum, piece) => sum + piece.length, 0)
