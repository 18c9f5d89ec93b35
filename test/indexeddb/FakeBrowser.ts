/** A browser in memory: tabs with one database, Web Locks and channels, which close and crash. */
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import type { Channel, Host } from '../../src/adapters/indexeddb/Host.js'
import type { LockRequest, WebLocks } from '../../src/adapters/storage/webLocks.js'

Object.assign(globalThis, { IDBKeyRange })

interface Request {
  readonly tab: object
  readonly name: string
  readonly mode: 'shared' | 'exclusive'
  readonly grant: () => void
  readonly lose: () => void
}

/** Web Locks as the specification has them: granted in order, shared ones together. */
class FakeLocks {
  private held: Request[] = []
  private queue: Request[] = []

  of(tab: object): WebLocks {
    return { request: (name, how, held) => this.request(tab, name, how, held) }
  }

  /** All locks and requests of a tab that is gone. */
  drop(tab: object): void {
    this.held = this.held.filter((one) => one.tab !== tab)
    this.queue = this.queue.filter((one) => one.tab !== tab)
    this.next()
  }

  private request(
    tab: object,
    name: string,
    { mode = 'exclusive', ifAvailable = false, steal = false, signal }: LockRequest,
    callback: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const aborted = (): Error => new DOMException('the lock is gone', 'AbortError')
      const request: Request = {
        tab,
        name,
        mode,
        lose: () => {
          reject(aborted())
        },
        grant: () => {
          setImmediate(() => {
            void Promise.resolve(callback({ name, mode })).then((value) => {
              this.held = this.held.filter((one) => one !== request)
              resolve(value)
              this.next()
            })
          })
        },
      }
      if (steal) {
        for (const one of this.held.filter((other) => other.name === name)) one.lose()
        this.held = [...this.held.filter((one) => one.name !== name), request]
        request.grant()
        return
      }
      if (ifAvailable && !this.isFree(request, this.queue)) {
        setImmediate(() => {
          resolve(callback(null))
        })
        return
      }
      signal?.addEventListener('abort', () => {
        if (!this.queue.includes(request)) return
        this.queue = this.queue.filter((one) => one !== request)
        reject(aborted())
      })
      this.queue.push(request)
      this.next()
    })
  }

  private isFree({ name, mode }: Request, before: ReadonlyArray<Request>): boolean {
    const others = [...this.held, ...before].filter((one) => one.name === name)
    return others.length === 0 || (mode === 'shared' && others.every((one) => one.mode === 'shared'))
  }

  private next(): void {
    for (const request of [...this.queue]) {
      const before = this.queue.slice(0, this.queue.indexOf(request))
      if (!this.isFree(request, before)) continue
      this.queue = this.queue.filter((one) => one !== request)
      this.held.push(request)
      request.grant()
    }
  }
}

export interface FakeTab {
  readonly host: Host
  /** Ends the tab at once: its locks are free, transactions are rolled back, nothing is sent. */
  readonly crash: () => void
  /** It has crashed. */
  readonly isGone: boolean
  /** Whether the database rolls every transaction back. */
  refuses: boolean
  /** Whether the database says that a transaction which writes was rolled back, and it was not. */
  misreports: boolean
  /** With an array, letters of the tab wait in it, until they are called. */
  late: (() => void)[] | undefined
}

export class FakeBrowser {
  readonly indexedDB = new IDBFactory()
  private readonly locks = new FakeLocks()
  private readonly channels = new Set<FakeChannel>()
  /** Each letter between tabs is lost with this chance; `random` gives 0 to 1. */
  lost = 0
  random: () => number = () => 1

  tab(): FakeTab {
    const tab = {}
    let isGone = false
    const databases: IDBDatabase[] = []
    const transactions = new Set<IDBTransaction>()
    const watched = (db: IDBDatabase): void => {
      databases.push(db)
      const transaction = db.transaction.bind(db)
      db.transaction = (...args) => {
        const made = transaction(...args)
        transactions.add(made)
        made.addEventListener('complete', () => transactions.delete(made))
        if (isGone || fake.refuses) made.abort()
        if (fake.misreports && made.mode === 'readwrite') {
          made.addEventListener('complete', (event) => {
            event.stopImmediatePropagation()
            made.onabort?.(new Event('abort'))
          })
        }
        return made
      }
    }
    const factory = {
      open: (name: string, version?: number) => {
        const request = this.indexedDB.open(name, version)
        request.addEventListener('success', () => {
          watched(request.result)
        })
        return request
      },
    } as IDBFactory
    const channels: FakeChannel[] = []
    const fake: FakeTab = {
      get isGone() {
        return isGone
      },
      refuses: false,
      misreports: false,
      late: undefined,
      host: {
        indexedDB: factory,
        navigator: { locks: this.locks.of(tab) },
        BroadcastChannel: channelIn((name) => {
          const channel = new FakeChannel(name, this.channels, fake, () => this.random() < this.lost)
          if (isGone) channel.close()
          channels.push(channel)
          return channel
        }),
      },
      crash: () => {
        isGone = true
        for (const channel of channels) channel.close()
        for (const one of transactions) {
          try {
            one.abort()
          } catch {
            // it has ended
          }
        }
        for (const db of databases) db.close()
        this.locks.drop(tab)
      },
    }
    return fake
  }
}

/** A constructor of what a function makes. */
const channelIn = (make: (name: string) => Channel) =>
  function (name: string) {
    return make(name)
  } as unknown as Host['BroadcastChannel']

class FakeChannel implements Channel {
  onmessage: ((event: MessageEvent) => void) | null = null
  private readonly name: string
  private readonly all: Set<FakeChannel>
  private readonly tab: FakeTab
  private readonly isLost: () => boolean

  constructor(name: string, all: Set<FakeChannel>, tab: FakeTab, isLost: () => boolean) {
    this.name = name
    this.tab = tab
    this.all = all
    this.isLost = isLost
    all.add(this)
  }

  postMessage(message: unknown): void {
    if (this.tab.isGone) return
    if (!this.all.has(this)) throw new DOMException('the channel is closed', 'InvalidStateError')
    for (const other of this.all) {
      if (other === this || other.name !== this.name || this.isLost()) continue
      const data: unknown = structuredClone(message)
      const deliver = (): void => {
        if (this.all.has(other)) other.onmessage?.({ data } as MessageEvent)
      }
      if (this.tab.late === undefined) setImmediate(deliver)
      else this.tab.late.push(deliver)
    }
  }

  close(): void {
    this.all.delete(this)
  }
}
