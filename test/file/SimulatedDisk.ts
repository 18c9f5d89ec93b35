/**
 * A file system in memory. It fails on request, and loses unsynced data when power fails.
 *
 * Of the unsynced writes to a file any survive a crash: whole, in part, or some pages of them.
 * Where the file is longer than the bytes that survive, it has zeros. Names change in the order of
 * the calls, and a crash leaves a beginning of those changes.
 *
 * Source: Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014), section 2.
 */
import path from 'node:path'
import type { Access, Disk, FileStatus, Handle, Host } from '../../src/adapters/file.js'
import { nodeDisk } from '../../src/adapters/file.js'

interface File {
  readonly identity: string
  access: Access
  /** In ms. */
  modified: number
  /** What readers see. */
  content: Buffer
  /** What the last sync made durable. */
  durable: Buffer
  /** The changes since then, in order: bytes at a position, or a new length. */
  unsynced: ({ readonly at: number; readonly bytes: Buffer } | { readonly length: number })[]
}

type Names = ReadonlyMap<string, File>

/** How a call fails. */
export type Fault =
  /** Power fails: a write has written `bytes` by then, any other call has done nothing. */
  | { readonly _tag: 'crash'; readonly bytes: number }
  /**
   * The call fails. A write has written `bytes` by then, 0 by default; a sync drops its data; any
   * other call has done nothing. `forEver`: so do all later calls.
   */
  | { readonly _tag: 'fail'; readonly code: string; readonly forEver: boolean; readonly bytes?: number }
  /** A write writes at most so many bytes. */
  | { readonly _tag: 'short'; readonly bytes: number }

export class Crashed extends Error {}

const failure = (code: string, call = code): Error => Object.assign(new Error(`${code}: ${call}`), { code })

/** What kind of file system it is. */
export interface Kind {
  /** Symbolic links: their target by their path. */
  readonly links?: ReadonlyMap<string, string>
  /** Takes two Unicode forms of a name, and both cases, for one. */
  readonly isFoldingNames?: boolean
}

const EMPTY = Buffer.alloc(0)
const OWNER: Access = { mode: 0o644, owner: 1, group: 1 }

export class SimulatedDisk implements Disk {
  /** All calls, in order. */
  readonly calls: string[] = []
  private names: Names
  /** The names that the last sync of the folder made durable, and the changes since, in order. */
  private durable: Names
  private changes: ((names: Map<string, File>) => void)[] = []
  private crashed = false
  /** The file to which the last write went, if it crashed. */
  private interrupted: File | undefined
  private readonly faults: ReadonlyMap<number, Fault>
  private readonly kind: Kind
  private count = 0
  /** The time, in ms. It stands still between calls of {@link pass}. */
  private time = 0
  private readonly timers = new Set<{ readonly ms: number; readonly act: () => void; next: number }>()
  readonly host: Host = nodeDisk.host

  constructor(
    files: ReadonlyMap<string, Buffer> = new Map(),
    faults: ReadonlyMap<number, Fault> = new Map(),
    kind: Kind = {},
  ) {
    this.names = new Map([...files].map(([name, content]) => [name, this.fileOf(content, OWNER)]))
    this.durable = this.names
    this.faults = faults
    this.kind = kind
  }

  private fileOf(content: Buffer, access: Access): File {
    const identity = String(this.count++)
    return { identity, access, modified: this.time, content, durable: content, unsynced: [] }
  }

  /** The disk as a process of another host sees it. */
  seenBy(host: Host): Disk {
    return {
      open: (name, flags, mode) => this.open(name, flags, mode),
      rename: (from, to) => this.rename(from, to),
      remove: (name) => this.remove(name),
      list: (folder) => this.list(folder),
      syncFolder: () => this.syncFolder(),
      status: (name) => this.status(name),
      realPath: (name) => this.realPath(name),
      every: (ms, act) => this.every(ms, act),
      host,
    }
  }

  /** Lets time pass, second by second, and calls what is due. */
  async pass(ms: number): Promise<void> {
    for (const until = this.time + ms; this.time < until;) {
      this.time += 1000
      for (const timer of this.timers) {
        if (timer.next > this.time) continue
        timer.next += timer.ms
        timer.act()
      }
      await new Promise(setImmediate)
    }
  }

  /** How many timers run. */
  get running(): number {
    return this.timers.size
  }

  /** Gives a file a second name, as a user does. */
  link(from: string, to: string): void {
    const file = this.names.get(from)!
    this.rename_((names) => names.set(to, file))
  }

  /** Puts a file in its place, or removes it, as a user does. */
  put(name: string, content: Buffer | undefined): void {
    const file = content && this.fileOf(content, OWNER)
    this.rename_((names) => {
      if (file === undefined) names.delete(name)
      else names.set(name, file)
    })
  }

  /** Writes other bytes into a file, as `cp` does: the file itself stays. */
  overwrite(name: string, content: Buffer): void {
    const file = this.names.get(name)!
    file.content = content
    file.unsynced.push({ length: 0 }, { at: 0, bytes: content })
    file.modified = this.time
  }

  /** Dates a file, as `touch` does. */
  date(name: string, modified: number): void {
    this.names.get(name)!.modified = modified
  }

  setAccess(name: string, access: Partial<Access>): void {
    const file = this.names.get(name)!
    file.access = { ...file.access, ...access }
  }

  /** The paths of all files. */
  get paths(): ReadonlyArray<string> {
    return [...this.names.keys()]
  }

  /** A file's content, as readers see it. */
  contentOf(name: string): Buffer | undefined {
    return this.names.get(name)?.content
  }

  /**
   * What is there when the power comes back. `choose(n)` gives a number below n and so decides what
   * survives. If a write was interrupted, only its first `bytes` were given to the disk.
   */
  afterCrash(choose: (n: number) => number, bytes = Infinity): ReadonlyMap<string, Buffer> {
    const names = changed(this.durable, this.changes.slice(0, choose(this.changes.length + 1)))
    // the process that holds the lock did not die: it runs this test
    const others = [...names].filter(([name]) => !name.includes('.lock.'))
    return new Map(
      others.map(([name, file]) => [name, survivorOf(file === this.interrupted ? cut(file, bytes) : file, choose)]),
    )
  }

  /**
   * The disk as the next process finds it when the one before was killed. The power stayed on. The
   * one before makes no further call.
   */
  afterKill(faults: ReadonlyMap<number, Fault>): SimulatedDisk {
    this.crashed = true
    const next = new SimulatedDisk(new Map(), faults, this.kind)
    const unlocked = (names: Names): Names => new Map([...names].filter(([name]) => !name.includes('.lock.')))
    next.names = unlocked(this.names)
    next.durable = unlocked(this.durable)
    next.changes = [...this.changes]
    next.count = this.count
    next.time = this.time
    return next
  }

  private fault(call: string): Fault | undefined {
    if (this.crashed) throw new Crashed(call)
    const index = this.calls.push(call) - 1
    const fault = this.faults.get(index) ?? this.lasting
    if (fault?._tag === 'fail') {
      if (fault.forEver) this.lasting = fault
    }
    if (fault?._tag === 'crash' && !call.startsWith('write')) {
      this.crashed = true
      throw new Crashed(call)
    }
    return fault
  }
  private lasting: Fault | undefined

  private failing(call: string): void {
    const fault = this.fault(call)
    if (fault?._tag === 'fail') throw failure(fault.code, call)
  }

  private rename_(change: (names: Map<string, File>) => void): void {
    this.names = changed(this.names, [change])
    this.changes.push(change)
  }

  /** The name of a file in this file system, links followed. */
  private nameOf(name: string): string {
    const target = this.kind.links?.get(name)
    if (target !== undefined) return this.nameOf(path.resolve(path.dirname(name), target))
    if (this.kind.isFoldingNames !== true || this.names.has(name)) return name
    const folded = (one: string): string => one.normalize('NFC').toLowerCase()
    return [...this.names.keys()].find((one) => folded(one) === folded(name)) ?? name
  }

  async open(given: string, flags: 'r' | 'r+' | 'wx', mode?: number): Promise<Handle> {
    await Promise.resolve()
    this.failing(`open ${flags} ${path.basename(given)}`)
    if (flags === 'wx' && this.kind.links?.has(given)) throw failure('EEXIST')
    const name = this.nameOf(given)
    const existing = this.names.get(name)
    if (existing === undefined && flags.startsWith('r')) throw failure('ENOENT')
    if (existing !== undefined && flags === 'wx') throw failure('EEXIST')
    const file = existing ?? this.fileOf(EMPTY, { ...OWNER, mode: (mode ?? 0o666) & ~0o022 })
    if (existing === undefined) this.rename_((names) => names.set(name, file))
    return this.handleOf(file, path.basename(name))
  }

  private statusOf(file: File): FileStatus {
    const { identity, access, modified, content } = file
    const links = [...this.names.values()].filter((one) => one === file).length
    return { ...access, identity, isFile: true, links, size: content.length, modified }
  }

  private handleOf(file: File, name: string): Handle {
    const soon = async <A>(call: () => A): Promise<A> => {
      await Promise.resolve()
      return call()
    }
    return {
      read: (into, position) =>
        soon(() => {
          this.failing(`read ${name}`)
          return file.content.copy(into, 0, position)
        }),
      write: (bytes, position) =>
        soon(() => {
          const fault = this.fault(`write ${name} ${String(bytes.length)}`)
          const count = fault === undefined ? bytes.length : Math.min(fault.bytes ?? 0, bytes.length)
          write(file, Buffer.from(bytes.subarray(0, count)), position)
          file.modified = this.time
          if (fault?._tag === 'crash') {
            this.crashed = true
            this.interrupted = file
            throw new Crashed('write')
          }
          if (fault?._tag === 'fail') throw failure(fault.code)
          return count
        }),
      sync: () =>
        soon(() => {
          try {
            this.failing(`sync ${name}`)
            // not what an earlier sync dropped, though readers see it
            for (const each of file.unsynced) {
              file.durable =
                'length' in each ? resized(file.durable, each.length) : written(file.durable, each.bytes, each.at)
            }
          } finally {
            // a failed sync drops the data, and the next sync does not report it
            if (!this.crashed) file.unsynced = []
          }
        }),
      truncate: (length) =>
        soon(() => {
          this.failing(`truncate ${name} ${String(length)}`)
          truncate(file, length)
        }),
      status: () =>
        soon(() => {
          this.failing(`status ${name}`)
          return this.statusOf(file)
        }),
      setAccess: (access) =>
        soon(() => {
          this.failing(`access ${name}`)
          file.access = { mode: access.mode, owner: access.owner, group: access.group }
        }),
      close: () =>
        soon(() => {
          this.failing(`close ${name}`)
        }),
    }
  }

  async status(given: string): Promise<FileStatus> {
    await Promise.resolve()
    this.failing(`status ${path.basename(given)}`)
    const file = this.names.get(this.nameOf(given))
    if (file === undefined) throw failure('ENOENT')
    return this.statusOf(file)
  }

  async realPath(given: string): Promise<string> {
    await Promise.resolve()
    this.failing(`path ${path.basename(given)}`)
    return this.nameOf(given)
  }

  every(ms: number, act: () => void): () => void {
    const timer = { ms, act, next: this.time + ms }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  async rename(from: string, to: string): Promise<void> {
    await Promise.resolve()
    this.failing(`rename ${path.basename(from)} ${path.basename(to)}`)
    const file = this.names.get(from)
    if (file === undefined) throw failure('ENOENT')
    this.rename_((names) => {
      names.delete(from)
      names.set(to, file)
    })
  }

  async remove(name: string): Promise<void> {
    await Promise.resolve()
    this.failing(`remove ${path.basename(name)}`)
    if (!this.names.has(name)) throw failure('ENOENT')
    this.rename_((names) => names.delete(name))
  }

  async list(folder: string): Promise<ReadonlyArray<string>> {
    await Promise.resolve()
    this.failing('list')
    return [...this.names.keys()].filter((name) => path.dirname(name) === folder).map((name) => path.basename(name))
  }

  async syncFolder(): Promise<void> {
    await Promise.resolve()
    try {
      this.failing('sync folder')
      this.durable = changed(this.durable, this.changes)
    } finally {
      // a failed sync drops the changes, and the next sync does not report it
      if (!this.crashed) this.changes = []
    }
  }
}

const changed = (names: Names, changes: ReadonlyArray<(names: Map<string, File>) => void>): Names => {
  const next = new Map(names)
  for (const change of changes) change(next)
  return next
}

const write = (file: File, bytes: Buffer, at: number): void => {
  file.content = written(file.content, bytes, at)
  file.unsynced.push({ at, bytes })
}

const written = (content: Buffer, bytes: Buffer, at: number): Buffer => {
  const next = Buffer.alloc(Math.max(content.length, at + bytes.length))
  content.copy(next)
  bytes.copy(next, at)
  return next
}

const truncate = (file: File, length: number): void => {
  file.content = resized(file.content, length)
  file.unsynced.push({ length })
}

const resized = (content: Buffer, length: number): Buffer =>
  length <= content.length
    ? content.subarray(0, length)
    : Buffer.concat([content, Buffer.alloc(length - content.length)])

/** The file, if its last write had given only so many bytes to the disk. */
const cut = (file: File, bytes: number): File => {
  const last = file.unsynced.at(-1)!
  return 'length' in last
    ? file
    : { ...file, unsynced: [...file.unsynced.slice(0, -1), { ...last, bytes: last.bytes.subarray(0, bytes) }] }
}

/** In bytes: small, so that small files have many. */
const PAGE = 16

/** The content with some pages of a write: any, in any order. What was never written is zeros. */
const withPages = (content: Buffer, bytes: Buffer, at: number, choose: (n: number) => number): Buffer => {
  let next = resized(content, Math.max(content.length, at + bytes.length))
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + PAGE - ((at + from) % PAGE))
    if (choose(2) === 1) next = written(next, bytes.subarray(from, to), at + from)
    from = to
  }
  return next
}

/**
 * The synced content, with a choice of the unsynced changes: each whole, in part, by pages, or as
 * zeros.
 */
const survivorOf = ({ durable, unsynced }: File, choose: (n: number) => number): Buffer => {
  let content = durable
  for (const each of unsynced) {
    if ('length' in each) {
      if (choose(2) === 1) content = resized(content, each.length)
      continue
    }
    switch (choose(5)) {
      case 0:
        break
      case 1:
        content = written(content, each.bytes, each.at)
        break
      case 2:
        content = written(content, each.bytes.subarray(0, choose(each.bytes.length + 1)), each.at)
        break
      case 3:
        content = withPages(content, each.bytes, each.at, choose)
        break
      default: {
        // the new length survived, and zeros stand for the first bytes that are new
        const from = choose(each.bytes.length + 1)
        const longer = resized(content, Math.max(content.length, each.at + each.bytes.length))
        content = written(longer, each.bytes.subarray(from), each.at + from)
      }
    }
  }
  return content
}
