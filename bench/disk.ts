/**
 * The cost of signatures and of disks: `npm run bench:disk`, with `-- --quick` for a tenth of it.
 *
 * Signing; verifying, one by one and in a batch; opening a file and a LevelDB; bytes on disk; what
 * stays of each data type when all that was put in is removed. All times are medians.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClassicLevel } from 'classic-level'
import * as t from 'io-ts'
import {
  AppendOnly,
  Doc,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  scuttlebutt,
  Text,
  type Command,
  type DataType,
  type Update,
} from 'scuttlebutt-ts'
import { openFile } from 'scuttlebutt-ts/file'
import { openLevel } from 'scuttlebutt-ts/level'
import { ed25519, rsaSha1, verifyUpdates, type Signer, type Verifier } from 'scuttlebutt-ts/security'
import { createStore } from 'scuttlebutt-ts/store'
import { median, verify } from './harness.js'

const quick = process.argv.includes('--quick')

const row = (...cells: ReadonlyArray<string | number>): void => {
  console.log(`| ${cells.join(' | ')} |`)
}

const timed = async (rounds: number, work: () => unknown): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return median(times)
}

const right = <A>(
  either: { readonly _tag: 'Right'; readonly right: A } | { readonly _tag: 'Left'; readonly left: unknown },
): A => {
  if (either._tag === 'Left') throw new Error(JSON.stringify(either.left))
  return either.right
}

const sb = scuttlebutt(Model.of(t.number))

type Change = Model.Change<number>

const BATCH = quick ? 1000 : 10_000

const signed = (signer: Signer): ReadonlyArray<Update<Change>> => {
  const store = createStore(sb, signer.id, { security: { document: 'bench', signer, verifier: ed25519.verifier() } })
  for (let i = 0; i < BATCH; i++) right(store.change(Model.set(`key ${String(i)}`, i)))
  return sb.history()(store.getReplica())
}

row(
  'each update, in µs',
  'sign',
  'verify, one by one',
  `verify, a batch of ${String(BATCH)}`,
  'a store applies the batch',
)
row('---', '---', '---', '---', '---')

const trust = async (name: string, signer: Signer, verifier: Verifier): Promise<void> => {
  const updates = signed(signer)
  const perUpdate = (ms: number): string => ((ms * 1000) / BATCH).toFixed(1)
  const verifyAll = (some: ReadonlyArray<Update<Change>>) => {
    const verified = verifyUpdates(sb.dataType, { document: 'bench', verifier })(some)
    return typeof verified === 'function' ? verified() : verified
  }
  const sign = await timed(5, () => signed(signer))
  const one = await timed(5, async () => {
    for (const update of updates) verify((await verifyAll([update])).believed.length === 1, 'a signature')
  })
  const batch = await timed(5, async () => {
    verify((await verifyAll(updates)).believed.length === BATCH, 'a batch')
  })
  const applied = await timed(5, async () => {
    const store = createStore(sb, 'reader', { security: { document: 'bench', verifier, maxWaiting: Infinity } })
    store.apply(updates)
    while (Model.size(store.getReplica().state) < BATCH) await new Promise(setImmediate)
    verify(Model.size(store.getReplica().state) === BATCH, 'what was applied')
  })
  row(name, ...[sign, one, batch, applied].map(perUpdate))
}

const ed = right(await ed25519.generate())
await trust('Ed25519', ed25519.signer(ed), ed25519.verifier())
await trust('Ed25519, in the thread pool', ed25519.signer(ed), ed25519.verifier({ threads: true }))
const rsa = right(await rsaSha1.generate()())
const keys = () => ({ _tag: 'Right', right: rsa.publicKey }) as const
await trust('RSA-SHA1, 2048 bits, legacy', rsaSha1.signer(rsa), rsaSha1.verifier({ keys }))

const folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-bench-'))

const bytesIn = async (directory: string): Promise<number> => {
  let bytes = 0
  for (const name of await readdir(directory)) bytes += (await stat(path.join(directory, name))).size
  return bytes
}

console.log()
row('replica', 'updates', 'write all, ms', 'open, ms', 'bytes an update on disk', 'as JSON')
row('---', '---', '---', '---', '---', '---')
for (const n of quick ? [10_000, 100_000] : [100_000, 1_000_000]) {
  const updates = Array.from({ length: n }, (_, i): Update<Change> => [
    [`key ${String(i)}`, i],
    1_795_418_741_399 + i / 4,
    `source ${String(i % 10)}`,
  ])
  const json = JSON.stringify(updates).length / n
  const file = path.join(folder, `file ${String(n)}`)
  const writeFile = await timed(1, async () => {
    const store = right(await openFile(file, sb, 'me')())
    for (let i = 0; i < n; i += 1000) store.apply(updates.slice(i, i + 1000))
    right(await store.close())
  })
  const openedFile = await timed(5, async () => {
    const store = right(await openFile(file, sb, 'me')())
    verify(Model.size(store.getReplica().state) === n, 'the file')
    right(await store.close())
  })
  row('file', n, writeFile.toFixed(0), openedFile.toFixed(0), ((await stat(file)).size / n).toFixed(1), json.toFixed(1))
  const location = path.join(folder, `level ${String(n)}`)
  const writeLevel = await timed(1, async () => {
    const db = new ClassicLevel(location)
    const store = right(await openLevel(db, sb, 'me')())
    for (let i = 0; i < n; i += 1000) {
      store.apply(updates.slice(i, i + 1000))
      right(await store.flushed())
    }
    right(await store.close())
    await db.close()
  })
  const openedLevel = await timed(5, async () => {
    const db = new ClassicLevel(location)
    const store = right(await openLevel(db, sb, 'me')())
    verify(Model.size(store.getReplica().state) === n, 'the database')
    right(await store.close())
    await db.close()
  })
  row(
    'classic-level',
    n,
    writeLevel.toFixed(0),
    openedLevel.toFixed(0),
    ((await bytesIn(location)) / n).toFixed(1),
    json.toFixed(1),
  )
}

// each write is on the disk before the next begins
const each = quick ? 100 : 1000
const store = right(await openFile(path.join(folder, 'each'), sb, 'me')())
const acknowledged = await timed(1, async () => {
  for (let i = 0; i < each; i++) {
    store.change(Model.set(`key ${String(i)}`, i))
    right(await store.flushed())
  }
})
right(await store.close())
const { size } = await stat(path.join(folder, 'each'))
console.log()
console.log(
  `writes that wait for the disk one by one: ${((acknowledged / each) * 1000).toFixed(0)} µs and ${(size / each).toFixed(1)} bytes an update`,
)

console.log()
row('n put in, all removed', 'n', 'updates that stay', 'bytes of the file, compacted', 'bytes of the digest')
row('---', '---', '---', '---', '---')

/** Puts n things into a file, removes each of them, and says what is left. */
const remains = async <S, C>(
  name: string,
  dataType: DataType<S, C>,
  n: number,
  put: (i: number) => Command<S, C, unknown>,
  remove: (i: number, put: Update<C>) => Command<S, C, unknown>,
  now = Date.now,
): Promise<void> => {
  const at = path.join(folder, `remains ${name}`)
  const of = scuttlebutt(dataType)
  const store = right(await openFile(at, of, 'me', { now })())
  const made = Array.from({ length: n }, (_, i) => right(store.change(put(i))))
  for (const [i, update] of made.entries()) right(store.change(remove(i, update)))
  store.prune()
  right(await store.compact())
  right(await store.close())
  const replica = store.getReplica()
  const bytes = (await stat(at)).size
  row(name, n, of.history()(replica).length, bytes, JSON.stringify(of.digest(replica)).length)
}

const removals = quick ? 2000 : 20_000
const model = Model.of(t.number)
const key = (i: number): string => `key ${String(i)}`
const array = RArray.of(t.number)
const feed = AppendOnly.of(t.number)
const rows = Doc.of(t.number)
await remains(
  'Model, a key each',
  model,
  removals,
  (i) => Model.set(key(i), i),
  (i) => Model.remove(key(i)),
)
await remains(
  'Model, one key',
  model,
  removals,
  (i) => Model.set('key', i),
  () => Model.remove('key'),
)
await remains(
  'RArray, a queue',
  array,
  removals,
  (i) => RArray.push(i),
  () => RArray.shift(),
)
await remains(
  'RArray, a stack',
  array,
  removals,
  (i) => RArray.push(i),
  () => RArray.pop(),
)
await remains(
  'AppendOnly',
  feed,
  removals,
  (i) => AppendOnly.push(i),
  (_, [, timestamp, source]) => AppendOnly.remove(`${source}:${String(timestamp)}`),
)
await remains(
  'Doc, rows',
  rows,
  removals,
  (i) => Doc.set(key(i), { field: i }),
  (i) => Doc.remove(key(i)),
)
await remains(
  'REdit, lines',
  REdit,
  removals / 10,
  (i) => REdit.splice(0, 0, `line ${String(i)}\n`),
  (i) => REdit.splice(0, `line ${String(removals / 10 - 1 - i)}\n`.length, ''),
)
await remains(
  'Text, characters',
  Text,
  removals,
  (i) => Text.insert(i, 'x'),
  () => Text.remove(0, 1),
)
const maxAge = 1000
let time = 1_795_418_741_399
const lapsing = ExpiryModel.of(t.number, { maxAge })
await remains(
  'ExpiryModel, lapsed',
  lapsing,
  removals,
  (i) => ExpiryModel.set(key(i), i),
  () => ExpiryModel.remove('none'),
  () => (time += 1),
)
await rm(folder, { recursive: true })
