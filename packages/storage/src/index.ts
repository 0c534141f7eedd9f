export type { ArtifactKey, Artifacts, Logs } from './directory.ts'
export { openArtifacts, openLogs } from './directory.ts'
export type { Piece, PieceOutcome, SumKind } from './growing-files.ts'
export { lengthOf, sumsOf, takePiece } from './growing-files.ts'
