import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream as readBytes, createWriteStream as writeBytes } from 'node:fs'
import { appendFile, chmod, copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { ClassicLevel } from 'classic-level'
import { build } from 'esbuild'
import * as t from 'io-ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  exportLines,
  folder as folderOf,
  importLines,
  openFile,
  repair,
  showFileError,
  type FileStore,
} from '../../src/adapters/file.js'
import { nodeDisk, type Disk } from '../../src/adapters/file/Disk.js'
import { seal } from '../../src/adapters/file/blocks.js'
import { openLevel } from '../../src/adapters/level.js'
import { ed25519 } from '../../src/adapters/security.js'
import { createStore } from '../../src/adapters/store.js'
import { createWriteStream } from '../../src/adapters/stream.js'
import { Clock, Doc, Events, ExpiryModel, Model, scuttlebutt } from '../../src/index.js'
import { table } from '../table.js'
import type { OriginalModel } from '../original/original.js'
import { right } from '../right.js'
import { isSoak, isThorough, kills } from '../runs.js'

const KILLS_OF_A_FILE = kills(20)
const KILLS_OF_A_LEVEL = kills(10)
const LARGE = isThorough ? 1 << 30 : 1 << 28 // bytes
const HEAP_IN_MIB = 64

/** In milliseconds, for tests that start processes, on a busy machine too. */
const PROCESS_TIMEOUT = isSoak ? 0 : 900_000

const require = createRequire(import.meta.url)
const sb = scuttlebutt(Model.of(t.unknown))

const scratch = fileURLToPath(new URL('../../build', import.meta.url))

let folder = ''
let count = 0
const fresh = (): string => path.join(folder, `replica ${String(count++)}`)

beforeAll(async () => {
  // within the project, so that the processes find classic-level
  await mkdir(scratch, { recursive: true })
  folder = await mkdtemp(path.join(scratch, 'file-'))
  await build({
    entryPoints: ['child', 'heap'].map((name) => fileURLToPath(new URL(`${name}.ts`, import.meta.url))),
    outdir: folder,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    external: ['classic-level'],
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)` },
  })
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

type AnyStore = FileStore<Model.State<unknown>, Model.Change<unknown>>

const opened = async (file: string, id = 'me'): Promise<AnyStore> => right(await openFile(file, sb, id)())

describe('A file store', () => {
  test('keeps a replica with its clock, however often it is opened', async () => {
    const file = fresh()
    let last = sb.create('me')
    for (let life = 0; life < 4; life++) {
      const store = await opened(file)
      expect(store.getReplica()).toEqual(last)
      for (let i = 0; i < 10; i++) store.change(Model.set(`k${String(i % 4)}`, [life, i]))
      // superseded at once, so only the clock has it
      store.apply([[['k0', 'late'], 1, `other ${String(life)}`]])
      if (life === 2) right(await store.compact())
      last = store.getReplica()
      right(await store.close())
    }
    const store = await opened(file)
    expect(sb.digest(store.getReplica())).toEqual(sb.digest(last))
    expect(store.opened.torn).toBeUndefined()
    right(await store.close())
    right(await store.close())
    expect((await readdir(folder)).filter((name) => name.includes('.lock.'))).toEqual([])
  })

  test.each(table.map((entry) => [entry.dataType.name, entry] as const))(
    'keeps %s',
    async (_, { dataType, change, toJSON }) => {
      const { sample } = await import('fast-check')
      const file = fresh()
      const of = scuttlebutt(dataType)
      const store = right(await openFile(file, of, 'me')())
      for (const command of sample(change, 50)) store.change(command)
      store.apply([...of.history()(store.getReplica())].map(([made, timestamp]) => [made, timestamp, 'other']))
      right(await store.close())
      const again = right(await openFile(file, of, 'me')())
      expect(toJSON(again.getReplica().state)).toEqual(toJSON(store.getReplica().state))
      expect(of.history()(again.getReplica())).toEqual(of.history()(store.getReplica()))
      expect(of.digest(again.getReplica())).toEqual(of.digest(store.getReplica()))
      right(await again.close())
    },
  )

  test('is written in the background, and flushed resolves when it is done', async () => {
    const file = fresh()
    const store = await opened(file)
    store.change(Model.set('x', 1))
    expect(await store.flushed()).toEqual({ _tag: 'Right', right: undefined })
    expect(await readFile(file, 'utf8')).toContain('[["x",1],')
    for (const fsync of [{ every: 5 }, 'none'] as const) {
      const other = fresh()
      const lazy = right(await openFile(other, sb, 'me', { fsync })())
      lazy.change(Model.set('y', 2))
      await expect.poll(() => readFile(other, 'utf8')).toContain('[["y",2],')
      right(await lazy.flushed())
      right(await lazy.close())
    }
    right(await store.close())
    store.change(Model.set('z', 3))
    expect(await store.flushed()).toEqual({ _tag: 'Left', left: { _tag: 'Closed', path: file } })
  })

  test('holds wire lines, which write streams and the original read', async () => {
    const file = fresh()
    const store = await opened(file)
    for (const value of [1, 'é', { deep: [null] }]) store.change(Model.set(`k${JSON.stringify(value)}`, value))
    right(await store.compact())
    store.change(Model.set('late', true))
    right(await store.close())
    const loaded = createStore(sb, 'loaded')
    await pipeline(readBytes(file), createWriteStream(loaded))
    expect(Model.toJSON(loaded.getReplica().state)).toEqual(Model.toJSON(store.getReplica().state))
    const OriginalModelOf = require('scuttlebutt/model') as new () => OriginalModel
    const original = new OriginalModelOf()
    await pipeline(readBytes(file, { highWaterMark: 7 }), original.createWriteStream())
    expect(original.toJSON()).toEqual(Model.toJSON(store.getReplica().state))
  })

  test('is compacted when more than half of it is superseded, and not otherwise', async () => {
    const file = fresh()
    const store = await opened(file)
    for (let i = 0; i < 20_000; i++) store.change(Model.set(`k${String(i % 10)}`, i))
    right(await store.flushed())
    store.change(Model.set('one', 'more'))
    right(await store.flushed())
    expect((await readFile(file)).length).toBeLessThan(2000)
    right(await store.close())
    const feed = right(await openFile(fresh(), scuttlebutt(Events.of(t.unknown)), 'me')())
    for (let i = 0; i < 20_000; i++) feed.change(Events.emit('n', i))
    right(await feed.close())
    expect(Events.size(feed.getReplica().state)).toBe(20_000)
  })

  test('S5: has one writer: refuses a second, of any process, until the first is closed or dead', async () => {
    const file = fresh()
    const store = await opened(file)
    expect(await openFile(file, sb, 'me')()).toMatchObject({ left: { _tag: 'Locked', path: file } })
    expect(await repair(file)()).toMatchObject({ left: { _tag: 'Locked' } })
    const child = spawn(process.execPath, [path.join(folder, 'child.mjs'), file, 'other'])
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    expect(JSON.parse(String(line))).toMatchObject({
      _tag: 'Locked',
      by: expect.stringContaining(String(process.pid)) as string,
    })
    right(await store.close())
    const many = await Promise.all(Array.from({ length: 10 }, () => openFile(file, sb, 'me')()))
    const winners = many.flatMap((one) => (one._tag === 'Right' ? [one.right] : []))
    expect(winners.length).toBeLessThanOrEqual(1)
    for (const winner of winners) right(await winner.close())
    // locks of a dead process, of another process with a pid in use, and of another machine
    await writeFile(`${file}.lock.999999999.1.vm.6f1c3c1e-8d2a-4b0f-9a57-0a4b8a2f7c11`, '')
    await writeFile(`${file}.lock.${String(process.pid)}.1.x.6f1c3c1e-8d2a-4b0f-9a57-0a4b8a2f7c11`, '')
    expect(await openFile(file, sb, 'me')()).toMatchObject({
      left: { _tag: 'Locked', by: expect.stringContaining('x') as string },
    })
    await rm(`${file}.lock.${String(process.pid)}.1.x.6f1c3c1e-8d2a-4b0f-9a57-0a4b8a2f7c11`)
    right(await (await opened(file)).close())
  })

  test('reports why it cannot be created or opened', async () => {
    expect(await openFile(path.join(folder, 'no', 'such'), sb, 'me')()).toMatchObject({
      left: { _tag: 'Io', code: 'ENOENT', path: path.join(folder, 'no', 'such') },
    })
    await mkdir(path.join(folder, 'directory'))
    const directory = await openFile(path.join(folder, 'directory'), sb, 'me')()
    expect(directory).toMatchObject({ left: { _tag: 'NotAFile' } })
    if (directory._tag === 'Left') expect(showFileError(directory.left)).toMatch(/^NotAFile: .*directory$/)
    const foreign = fresh()
    for (const content of ['hello\n', '{"id":"x","clock":{}}\n[["k",1],1000,"x"]\n', '\0\0\0', '"#00000000"\n']) {
      await writeFile(foreign, content)
      expect(await openFile(foreign, sb, 'me')()).toMatchObject({ left: { _tag: 'Foreign' } })
      expect(await readFile(foreign, 'utf8')).toBe(content)
      expect(await repair(foreign)()).toMatchObject({ left: { _tag: 'Foreign' } })
      expect(await readFile(foreign, 'utf8')).toBe(content)
    }
    await writeFile(foreign, seal('[["k",1],1000,"x"]\n', 0)[0])
    expect(await openFile(foreign, sb, 'me')()).toMatchObject({ left: { _tag: 'Foreign', reason: 'it has no header' } })
    await writeFile(foreign, '')
    right(await (await opened(foreign)).close())
  })

  test('refuses a file of another data type, also one of 0.1, and changes nothing', async () => {
    const file = fresh()
    const store = await opened(file)
    store.change(Model.set('k', 1))
    right(await store.close())
    const before = await readFile(file)
    const wrong = await openFile(file, scuttlebutt(Doc.of(t.unknown)), 'me')()
    expect(wrong).toEqual({ _tag: 'Left', left: { _tag: 'OtherType', path: file, name: 'Model' } })
    expect(await readFile(file)).toEqual(before)
    // 0.1 did not say what it is
    const [header, seed] = seal('{"id":"me","clock":{}}\n', 0)
    const old = Buffer.concat([header, seal('[["k",1],1000,"me"]\n', seed)[0]])
    await writeFile(file, old)
    const other = await openFile(file, scuttlebutt(Doc.of(t.unknown)), 'me')()
    expect(other).toMatchObject({
      left: { _tag: 'Rejected', offset: old.indexOf('[['), rejection: { _tag: 'InvalidChange' } },
    })
    if (other._tag === 'Left') expect(showFileError(other.left)).toMatch(/InvalidChange at \[0\]/)
    expect(await readFile(file)).toEqual(old)
  })

  test('reports a file without write permission, and opens it once there is one', async () => {
    if (process.getuid?.() === 0) {
      // root may write any file, but none in the kernel's own folder
      expect(await openFile('/proc/replica', sb, 'me')()).toMatchObject({ left: { _tag: 'Io' } })
      return
    }
    const file = fresh()
    right(await (await opened(file)).close())
    await chmod(file, 0o400)
    expect(await openFile(file, sb, 'me')()).toMatchObject({ left: { _tag: 'Io', code: 'EACCES' } })
    await chmod(file, 0o600)
    right(await (await opened(file)).close())
  })

  test('reports a read-only disk', async () => {
    const disk: Disk = {
      ...nodeDisk,
      open: (name, flags) =>
        flags === 'r' ? nodeDisk.open(name, flags) : Promise.reject(Object.assign(new Error(), { code: 'EROFS' })),
    }
    expect(await openFile(fresh(), sb, 'me', { disk })()).toMatchObject({ left: { _tag: 'Io', code: 'EROFS' } })
  })

  test('keeps signatures, and verifies them as any secure store does', async () => {
    const file = fresh()
    const keys = right(await ed25519.generate())
    const id = ed25519.idOf(keys.publicKey)
    const security = { document: 'd', signer: ed25519.signer(keys), verifier: ed25519.verifier() }
    const store = right(await openFile(file, sb, id, { security })())
    const made = right(store.change(Model.set('k', 1)))
    right(await store.close())
    const again = right(await openFile(file, sb, id, { security })())
    expect(sb.history()(again.getReplica())).toEqual([made])
    again.apply([[['k', 'forged'], made[1] + 1, id, made[3]!]])
    expect(Model.toJSON(again.getReplica().state)).toEqual({ k: 1 })
    right(await again.close())
  })

  test('S1: cuts off a torn end and reports it, and keeps what was acknowledged', async () => {
    const file = fresh()
    const store = await opened(file)
    store.change(Model.set('k', 1))
    right(await store.close())
    const { length } = await readFile(file)
    await appendFile(file, '[["k",2],9999999999999,"me"]\n[["k"')
    const again = await opened(file)
    expect(again.opened).toMatchObject({ updates: 1, bytes: length, torn: { offset: length, bytes: 34 } })
    expect(Model.toJSON(again.getReplica().state)).toEqual({ k: 1 })
    again.change(Model.set('k', 3))
    right(await again.close())
    const third = await opened(file)
    expect([third.opened.torn, Model.toJSON(third.getReplica().state)]).toEqual([undefined, { k: 3 }])
    right(await third.close())
  })

  test('S3: moves the rest to a file for import, if a block in the middle is beyond repair', async () => {
    const file = fresh()
    const store = await opened(file)
    for (const key of ['a', 'b', 'c', 'd']) {
      store.change(Model.set(key, key))
      right(await store.flushed())
    }
    right(await store.close())
    const handle = await open(file, 'r+')
    const at = (await readFile(file)).indexOf('["b"') + 1
    await handle.write('!!', at)
    await handle.close()
    expect(await openFile(file, sb, 'me')()).toMatchObject({ left: { _tag: 'Corrupt' } })
    const { cut, flips } = right(await repair(file)())
    expect(flips).toEqual([])
    const again = await opened(file)
    expect(Model.toJSON(again.getReplica().state)).toEqual({ a: 'a' })
    const { refused, rejections } = right(await importLines(cut!.to, again)())
    expect([refused, rejections.map(({ _tag }) => _tag)]).toEqual([1, ['InvalidJson']])
    expect(Model.toJSON(again.getReplica().state)).toEqual({ a: 'a', c: 'c', d: 'd' })
    // it does not claim what was cut, so a peer brings it back
    expect(sb.digest(again.getReplica()).doubt).toHaveProperty('me')
    const [, answer] = sb.reconcile(sb.open(again.getReplica()))(store.getReplica())
    if (answer._tag === 'Some') again.reconcile(answer.value)
    expect(Model.toJSON(again.getReplica().state)).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd' })
    expect(sb.digest(again.getReplica())).toEqual(sb.digest(store.getReplica()))
    right(await again.close())
  })

  test('does not bring back lapsed updates after prune and compact', async () => {
    const file = fresh()
    const expiry = scuttlebutt(ExpiryModel.of(t.unknown, { maxAge: 1000 }))
    let now = 10_000
    const store = right(await openFile(file, expiry, 'me', { now: () => now })())
    store.apply([[['k', 1], 5000, 'other']])
    now = 20_000
    store.prune()
    right(await store.compact())
    right(await store.close())
    const again = right(await openFile(file, expiry, 'me', { now: () => now })())
    expect(again.getReplica().clock).toMatchObject({ floor: 5000 })
    again.apply([[['k', 1], 5000, 'other']])
    expect(expiry.history()(again.getReplica())).toEqual([])
    right(await again.close())
  })

  test.concurrent.each([
    ['file', KILLS_OF_A_FILE],
    ['level', KILLS_OF_A_LEVEL],
  ] as const)(
    'S1: keeps all that was acknowledged when the process that writes a %s is killed, %i times over',
    async (kind, times) => {
      const at = fresh()
      let safe = 0
      for (let i = 0; i < times; i++) {
        const args = [path.join(folder, 'child.mjs'), at, 'me', kind]
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
        const closed = once(child, 'close')
        createInterface(child.stdout).on('line', (line) => {
          safe = Math.max(safe, Number(line))
          // each process lives for a different number of updates
          if (Number(line) % 50 >= (i * 13) % 50) child.kill('SIGKILL')
        })
        await closed
      }
      const of = scuttlebutt(Events.of(t.number))
      const db = kind === 'level' ? new ClassicLevel(at) : undefined
      const store = db === undefined ? right(await openFile(at, of, 'me')()) : right(await openLevel(db, of, 'me')())
      const said = Events.toJSON(store.getReplica().state).map(([, n]) => n)
      expect(safe).toBeGreaterThan(5 * times)
      expect(said.length).toBeGreaterThanOrEqual(safe)
      expect(said).toEqual(Array.from({ length: said.length }, (_, n) => n))
      await store.close()
      await db?.close()
    },
    PROCESS_TIMEOUT,
  )

  test.concurrent(
    'opens a file far larger than its 64 MiB of heap, and reports progress',
    async () => {
      const file = fresh()
      const handle = await open(file, 'w')
      let [block, seed] = seal('{"id":"me","clock":{}}\n', 0)
      let [length, updates] = [0, 0]
      const value = 'x'.repeat(4000)
      while (length < LARGE) {
        await handle.write(block)
        length += block.length
        let lines = ''
        for (let i = 0; i < 256; i++)
          lines += `[["k${String(updates % 100)}","${value}"],${String(1000 + updates++)},"me"]\n`
        ;[block, seed] = seal(lines, seed)
      }
      await handle.write(block)
      await handle.close()
      const child = spawn(
        process.execPath,
        [`--max-old-space-size=${String(HEAP_IN_MIB)}`, path.join(folder, 'heap.mjs'), file],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => (said += String(chunk)))
      await once(child, 'close')
      const result = JSON.parse(said) as {
        readonly keys: number
        readonly updates: number
        readonly reports: number
        readonly rss: number
      }
      expect(result).toMatchObject({ keys: 100, updates })
      // about one for each MiB
      expect(result.reports).toBeGreaterThan(LARGE / (2 << 20))
      expect(result.rss).toBeLessThan(400 << 20)
      await rm(file)
    },
    PROCESS_TIMEOUT,
  )
})

describe('A folder', () => {
  test('keeps replicas of any names apart, each in a file of its own', async () => {
    const replicas = folderOf(path.join(folder, 'several'))
    const names = ['a', 'A', 'notes/today', '..', '', 'é', '\ud800', '__proto__', 'a.sb']
    for (const [i, name] of names.entries()) {
      const store = right(await replicas.open(name, sb, 'me')())
      store.change(Model.set('n', i))
      right(await store.close())
    }
    expect(right(await replicas.names())).toEqual([...names].sort())
    for (const [i, name] of names.entries()) {
      const store = right(await replicas.open(name, sb, 'me')())
      expect(Model.toJSON(store.getReplica().state)).toEqual({ n: i })
      right(await store.close())
    }
    expect(path.dirname(replicas.pathOf('../x'))).toBe(path.join(folder, 'several'))
  })

  test('exports lines, and imports them and those of the original', async () => {
    const [file, lines] = [fresh(), fresh()]
    const store = await opened(file)
    for (let i = 0; i < 1000; i++) store.change(Model.set(`k${String(i)}`, i))
    right(await exportLines(store, lines)())
    const other = await opened(fresh(), 'other')
    expect(right(await importLines(lines, other)())).toEqual({ rejections: [], refused: 0 })
    expect(Clock.toRecord(other.getReplica().clock)).toEqual(Clock.toRecord(store.getReplica().clock))
    right(await other.close())
    right(await store.close())
    const OriginalModelOf = require('scuttlebutt/model') as new () => OriginalModel
    const original = new OriginalModelOf()
    original.set('from', 'the original')
    const saved = fresh()
    await pipeline(original.createReadStream({ tail: false }), writeBytes(saved))
    const third = await opened(fresh(), 'third')
    right(await importLines(saved, third)())
    expect(Model.toJSON(third.getReplica().state)).toEqual({ from: 'the original' })
    right(await third.close())
    expect(await importLines(fresh(), third)()).toMatchObject({
      left: { _tag: 'Io', operation: 'import', code: 'ENOENT' },
    })
    await copyFile(lines, saved)
  })
})
