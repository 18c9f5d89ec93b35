/**
 * A file system in memory that forgets what was not synced, as a machine that loses its power does, and fails when told to.
 *
 * Model: what was written to a file and not synced may be there after a crash, or not, or in part, in any order; where it is not
 * but the file is longer, zeros are. Names change in the order of the calls, up to where the journal came.
 * Source: Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014), section 2.
 */
import path from 'node:path'
import type { Disk, Handle } from '../../src/adapters/file.js'

interface File {
  /** As readers see it. */
  content: Buffer
  /** As it was synced last. */
  durable: Buffer
  /** Since then, in order: bytes at a position, or a new length. */
  unsynced: ({ readonly at: number; readonly bytes: Buffer } | { readonly length: number })[]
}

type Names = ReadonlyMap<string, File>

/** How a call goes wrong. */
export type Fault =
  /** The power is gone before it has done anything, or when `bytes` of it were written, or just after. */
  | { readonly _tag: 'crash'; readonly bytes: number }
  /** It fails, once or from now on, having done nothing; a sync that fails forgets what it was to keep. */
  | { readonly _tag: 'fail'; readonly code: string; readonly forEver: boolean }
  /** It writes no more than so many bytes. */
  | { readonly _tag: 'short'; readonly bytes: number }

export class Crashed extends Error {}

export class SimulatedDisk implements Disk {
  /** How many calls were made, and what each was. */
  readonly calls: string[] = []
  private names: Names
  /** The states that names went through since a folder was synced, the first of which is durable. */
  private journal: Names[]
  private crashed = false
  private readonly faults: ReadonlyMap<number, Fault>

  constructor(files: ReadonlyMap<string, Buffer> = new Map(), faults: ReadonlyMap<number, Fault> = new Map()) {
    this.names = new Map([...files].map(([name, content]) => [name, { content, durable: content, unsynced: [] }]))
    this.journal = [this.names]
    this.faults = faults
  }

  /** What a file holds, for readers. */
  contentOf(name: string): Buffer | undefined {
    return this.names.get(name)?.content
  }

  /** What is there when the power comes back. `choose(n)` gives a number below n: what survives is up to it. */
  afterCrash(choose: (n: number) => number): ReadonlyMap<string, Buffer> {
    const names = this.journal[choose(this.journal.length)]!
    // a lock of a process that is gone says nothing, but this one is still there
    const others = [...names].filter(([name]) => !name.includes('.lock.'))
    return new Map(others.map(([name, file]) => [name, survivorOf(file, choose)]))
  }

  private fault(call: string): Fault | undefined {
    if (this.crashed) throw new Crashed(call)
    const index = this.calls.push(call) - 1
    const fault = this.faults.get(index) ?? this.lasting
    if (fault?._tag === 'fail') {
      if (fault.forEver) this.lasting = fault
      // a lock is not what is tried here
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
            // what it failed to write it takes for written: syncing again does not bring it back
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

/** Of what was not synced, some, each whole, in part, or as zeros. */
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
        // the length came to the disk, some of the bytes did not
        const from = choose(each.bytes.length + 1)
        content = written(content, Buffer.concat([Buffer.alloc(from), each.bytes.subarray(from)]), each.at)
      }
    }
  }
  return content
}
