/** The limits of the test results of one attempt. When a limit is reached, the farm keeps what it has read so far. */
export interface ResultLimits {
  /** All files and logs together. */
  bytesMax: number
  filesMax: number
  resultsMax: number
  /** How deep elements of XML and subtests of TAP may be nested. */
  depthMax: number
  /** The longest attribute of XML and the longest line of TAP or of a log, in UTF-16 units. */
  attributeMax: number
  /** The longest text of one XML element, in UTF-16 units. */
  textMax: number
  /** The time for all files together, in milliseconds. */
  timeMs: number
  /** Texts that the database stores, in UTF-16 units. */
  nameMax: number
  messageMax: number
  excerptMax: number
  /** Notices of one file. Further notices are counted. */
  noticesMax: number
}

export const resultLimits: ResultLimits = {
  bytesMax: 50_000_000,
  filesMax: 2000,
  resultsMax: 100_000,
  depthMax: 32,
  attributeMax: 64 * 1024,
  textMax: 1024 * 1024,
  timeMs: 20_000,
  nameMax: 500,
  messageMax: 4096,
  excerptMax: 64 * 1024,
  noticesMax: 20,
}
