import { packedBytesMin } from '../packed/format.ts'
import type { Place } from './bucket-file.ts'
import { packFile } from './pack-file.ts'

/** Each of these keeps a part of 8 MiB in memory. */
const packedAtOnce = 4
/** A server that sealed a file packs it at once. After this time, another server does it. */
const leftSeconds = 60
/** The farm compresses a large log. If it does not, for example because it was restored, the log is packed as it is. */
const leftLogs = { bytes: packedBytesMin, seconds: 3600 }
const filesMax = 200
const objectsMax = 500
/** A request to a storage takes up to 20 ms, so these delete about 400 objects a second. */
const removesAtOnce = 8
/** `tidy` begins no further deletions after this time. Its next call continues. */
const removingMs = 8_000

/** Makes one object of each sealed file, in the background. If the bucket is away, the file stays as it is. */
export class Packer {
  readonly #place: Place
  readonly #waiting = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #closed = false

  constructor(place: Place) {
    this.#place = place
  }

  /** Packs a file soon. */
  add(path: string): void {
    if (this.#closed) return
    this.#waiting.add(path)
    if (this.#running.size >= packedAtOnce) return
    const run: Promise<void> = this.#run().finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #run(): Promise<void> {
    for (const path of this.#waiting) {
      this.#waiting.delete(path)
      // `tidy` repeats it, and reports the error.
      await packFile(this.#place, path).catch(() => undefined)
      if (this.#closed) return
    }
  }

  /** Packs the files that a server left, and deletes outdated objects. Throws the error of the bucket. */
  async tidy(): Promise<void> {
    const { index } = this.#place
    for (const path of await index.unpacked(leftSeconds, filesMax, leftLogs)) {
      if (this.#closed) return
      await packFile(this.#place, path)
    }
    const end = Date.now() + removingMs
    while (!this.#closed && (await this.#removeOutdated()) === objectsMax && Date.now() < end);
  }

  async #removeOutdated(): Promise<number> {
    const { bucket, index } = this.#place
    const outdated = await index.outdated(objectsMax)
    const left = [...outdated]
    const remove = async () => {
      for (let object = left.pop(); object !== undefined; object = left.pop()) await bucket.remove(object)
    }
    await Promise.all(Array.from({ length: removesAtOnce }, remove))
    await index.forget(outdated)
    return outdated.length
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#waiting.clear()
    await Promise.all(this.#running)
  }
}
