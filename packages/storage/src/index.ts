export { lengthOf } from './bytes.ts'
export { checksumsOf } from './checksums.ts'
export { appendChunk, type Chunk, type ChunkOutcome } from './chunks.ts'
export { openDirectoryStorage } from './directory-storage.ts'
export { logTimesMax } from './log-times.ts'
export { blockBytes, packedBytesMin } from './packed/format.ts'
export { pathOfLog } from './paths.ts'
export { type Bucket, type Credentials, openBucket } from './s3/bucket.ts'
export { isObjectGone, isStorageAway, StorageAwayError } from './s3/bucket-error.ts'
export { placeOf, segmentBytesMin } from './s3/bucket-file.ts'
export { openBucketStorage } from './s3/bucket-storage.ts'
export { CopyError, copyFile, type FileToCopy } from './s3/copy-file.ts'
export type { FileIndex, IndexedFile, NewSegment, Piece, Segment } from './s3/file-index.ts'
export type {
  ArtifactKey,
  Bytes,
  ExpectedLog,
  Files,
  Logs,
  LogTime,
  LogTimes,
  PackOutcome,
  SharedFiles,
  Storage,
  StoredFile,
  StoredGzip,
} from './storage.ts'
export { type BucketPlace, readStorageUrl, StorageUrlError, storageUrlExample } from './storage-url.ts'
export { type Copied, copyStoredFile, type StoredFileEntry, storedFiles, storedSize } from './stored-files.ts'
