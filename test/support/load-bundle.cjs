// Runs a bundle of the server: node load-bundle.cjs BUNDLE. The first server that ends keeps the compiled code of the bundle in
// a file beside it, so that later servers need not compile it. Node 20 has no module.enableCompileCache.
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

// Some tests give a server a machine whose clock is wrong.
const aheadMs = Number(process.env.TEST_CLOCK_AHEAD_MS ?? 0)
if (aheadMs !== 0) {
  const RightDate = Date
  globalThis.Date = class extends RightDate {
    constructor(...given) {
      super(...(given.length === 0 ? [RightDate.now() + aheadMs] : given))
    }
    static now() {
      return RightDate.now() + aheadMs
    }
  }
}

const bundle = process.argv[2]
const cache = `${bundle}.${process.version}.cache`

/** V8 rejects the code if its options differ, and a running program can change options that do not affect the code. */
const optionsOfV8 = { from: 12, to: 16 }
const ownOptions = () => new Script('').createCachedData().subarray(optionsOfV8.from, optionsOfV8.to)
const optionsAtStart = ownOptions()

const keepCode = script => {
  if (existsSync(cache)) return
  const code = script.createCachedData()
  optionsAtStart.copy(code, optionsOfV8.from)
  writeFileSync(`${cache}.${process.pid}`, code)
  renameSync(`${cache}.${process.pid}`, cache) // in one step, because another server may be starting
}

const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'bundleUrl']
const source = `(function (${parameters.join(', ')}) { 'use strict'; ${readFileSync(bundle, 'utf8')}\n})`
const script = new Script(source, {
  filename: bundle,
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
})
if (!existsSync(cache)) process.once('exit', () => keepCode(script))
const run = script.runInThisContext()
run(module.exports, createRequire(bundle), module, bundle, dirname(bundle), pathToFileURL(bundle).href)
