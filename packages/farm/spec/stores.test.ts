import { startBucket } from '../../../test/support/bucket.ts'
import { bucketStore, directoryStore, storeContract } from './store-contract.ts'

storeContract('a directory', async () => directoryStore())
storeContract('a bucket', () => bucketStore(startBucket))
