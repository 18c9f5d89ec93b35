/**
 * A file system in memory. It fails on request, and loses unsynced data when power fails.
 *
 * Of the unsynced writes to a file any survive a crash, whole or in part. Where the file is longer
 * than the bytes that survive, it has zeros. Names change in the order of the calls, and a crash
 * leaves a beginning of those changes.
 *
 * Source: Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014), section 2.
 */
import path from 'node:path'
import type { Disk, Handle } from '../../src/adapters/file.js'

interface File {
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
  /** The call does nothing and fails; a sync drops its data. `forEver`: so do all later calls. */
  | { readonly _tag: 'fail'; readonly code: string; readonly forEver: boolean }
  /** A write writes at most so many bytes. */
  | { readonly _tag: 'short'; readonly bytes: number }

export class Crashed extends Error {}

export class SimulatedDisk implements Disk {
  /** All calls, in order. */
  readonly calls: string[] = []
  private names: Names
  /** All states of the names since the last sync of the folder. The first one is durable. */
  private journal: Names[]
  private crashed = false
  /** The file to which the last write went, if it crashed. */
  private interrupted: File | undefined
  private readonly faults: ReadonlyMap<number, Fault>

  constructor(files: ReadonlyMap<string, Buffer> = new Map(), faults: ReadonlyMap<number, Fault> = new Map()) {
    this.names = new Map([...files].map(([name, content]) => [name, { content, durable: content, unsynced: [] }]))
    this.journal = [this.names]
    this.faults = faults
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
    const names = this.journal[choose(this.journal.length)]!
    // the process that holds the lock did not die: it runs this test
    const others = [...names].filter(([name]) => !name.includes('.lock.'))
    return new Map(
      others.map(([name, file]) => [name, survivorOf(file === this.interrupted ? cut(file, bytes) : file, choose)]),
    )
  }

  private fault(call: string): Fault | undefined {
    if (this.crashed) throw new Crashed(call)
    const index = this.calls.push(call) - 1
    const fault = this.faults.get(index) ?? this.lasting
    if (fault?._tag === 'fail') {
      if (fault.forEver) this.lasting = fault
      // locks do not fail here
      if (call.includes('.lock.')) return undefined
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
    if (fault?._tag === 'fail') throw Object.assign(new Error(`${fault.code}: ${call}`), { code: fault.code })
  }

  private rename_(change: (names: Map<string, File>) => void): void {
    const names = new Map(this.names)
    change(names)
    this.names = names
    this.journal.push(names)
  }

  async open(name: string, flags: 'r' | 'r+' | 'w+' | 'wx'): Promise<Handle> {
    await Promise.resolve()
    this.failing(`open ${flags} ${path.basename(name)}`)
    const existing = this.names.get(name)
    if (existing === undefined && flags.startsWith('r')) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    if (existing !== undefined && flags === 'wx') throw Object.assign(new Error('EEXIST'), { code: 'EEXIST' })
    const file = existing ?? { content: Buffer.alloc(0), durable: Buffer.alloc(0), unsynced: [] }
    if (existing === undefined) this.rename_((names) => names.set(name, file))
    if (existing !== undefined && flags === 'w+') truncate(file, 0)
    return this.handleOf(file, path.basename(name))
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
          const count =
            fault === undefined ? bytes.length : fault._tag === 'fail' ? 0 : Math.min(fault.bytes, bytes.length)
          write(file, Buffer.from(bytes.subarray(0, count)), position)
          if (fault?._tag === 'crash') {
            this.crashed = true
            this.interrupted = file
            throw new Crashed('write')
          }
          if (fault?._tag === 'fail') throw Object.assign(new Error(fault.code), { code: fault.code })
          return count
        }),
      sync: () =>
        soon(() => {
          try {
            this.failing(`sync ${name}`)
            file.durable = file.content
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
      size: () => soon(() => file.content.length),
      close: () => soon(() => undefined),
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await Promise.resolve()
    this.failing(`rename ${path.basename(from)} ${path.basename(to)}`)
    const file = this.names.get(from)
    if (file === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    this.rename_((names) => {
      names.delete(from)
      names.set(to, file)
    })
  }

  async remove(name: string): Promise<void> {
    await Promise.resolve()
    this.failing(`remove ${path.basename(name)}`)
    if (!this.names.has(name)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    this.rename_((names) => names.delete(name))
  }

  async list(folder: string): Promise<ReadonlyArray<string>> {
    await Promise.resolve()
    return [...this.names.keys()].filter((name) => path.dirname(name) === folder).map((name) => path.basename(name))
  }

  async syncFolder(): Promise<void> {
    await Promise.resolve()
    this.failing('sync folder')
    this.journal = [this.names]
  }
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

/** The synced content, with a choice of the unsynced changes: each whole, in part, or as zeros. */
const survivorOf = ({ durable, unsynced }: File, choose: (n: number) => number): Buffer => {
  let content = durable
  for (const each of unsynced) {
    if ('length' in each) {
      if (choose(2) === 1) content = resized(content, each.length)
      continue
    }
    switch (choose(4)) {
      case 0:
        break
      case 1:
        content = written(content, each.bytes, each.at)
        break
      case 2:
        content = written(content, each.bytes.subarray(0, choose(each.bytes.length + 1)), each.at)
        break
      default: {
        // the new length survived, and zeros stand for the first bytes
        const from = choose(each.bytes.length + 1)
        content = written(content, Buffer.concat([Buffer.alloc(from), each.bytes.subarray(from)]), each.at)
      }
    }
  }
  return content
}
