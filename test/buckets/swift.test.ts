// The contract of the storage over OpenStack Swift with its S3 API.
import { bucketStore, storeContract } from '../../packages/farm/spec/store-contract.ts'
import { startSwift } from './swift.ts'

storeContract('a bucket of OpenStack Swift', () => bucketStore(startSwift))
