/** Two stores, what was written to them, and the connections between them. */
import * as t from 'io-ts'
import * as Json from '../../../core/Json.js'
import { compare, type Update } from '../../../core/Update.js'
import * as Model from '../../../data/Model.js'
import { scuttlebutt } from '../../../scuttlebutt.js'
import { createStore, type LocalStore, type Store } from '../../store.js'
import { connect } from '../connect.js'
import type { Connection, ConnectOptions } from '../Connection.js'
import type { Transport } from '../Transport.js'
import { Faults, sleep } from './faults.js'

/** The store of a trial: texts by key. */
export type TrialStore = LocalStore<Model.State<string>, Model.Change<string>>

/** One run of one case. */
export interface Trial {
  /** Two stores of texts that the transport is to keep in step. */
  readonly stores: readonly [TrialStore, TrialStore]
  /** As `connect`, with the faults of the case between the connection and its transport. */
  readonly connect: <S, C>(store: Store<S, C>, transport: Transport) => Connection
}

export interface SceneOptions {
  /** How often connections break in `reconnects`, and in `cuts`. Default 1,000. */
  readonly reconnects?: number
  /**
   * Characters that are written at most while nobody reads, in 16 steps. A transport passes when a
   * step no longer adds to what waits. Default 64 MiB: kernels hold some 10 MiB.
   */
  readonly unread?: number
  /** The most of them that a wire, the network and the reader may hold. Default: any number. */
  readonly mostUnread?: number
  /** Ms until two stores must be in step. Default 20,000. */
  readonly patience?: number
  /** The seed of all chance. Default 1. */
  readonly seed?: number
}

/** Ends a case that failed. */
export class Stop extends Error {}

/** Ends a case that says nothing about a kind of transport. */
export class NotApplicable extends Error {}

/** Quick, so that what takes minutes in life takes a moment here. */
const QUICK: ConnectOptions = {
  backoff: { min: 1, max: 4 },
  heartbeat: 40,
  anew: { min: 20, max: 40 },
}

/** Who says nothing for so many ms is taken for dead. */
export const SILENCE = 200

/** In the case without a reader, nobody is. */
const NEVER = 60_000

interface Joined {
  readonly store: unknown
  readonly kind: Transport['kind']
  /** Connects again, over the same transport. */
  readonly again: () => Connection
  connection: Connection
}

/** What a wire garbles that takes characters for bytes, or the halves of one for two. */
const FOREIGN = ' é 日本 😀🚲😀'

const texts = scuttlebutt(Model.of(t.string))

export class Scene {
  readonly faults = new Faults()
  readonly stores: Trial['stores'] = [createStore(texts, 'ann'), createStore(texts, 'ben')]
  readonly joined: Joined[] = []
  readonly trial: Trial
  readonly options: Required<SceneOptions>
  readonly random: () => number
  /** By the oracle: the last write of each key, in total order. */
  readonly #expected = new Map<string, Update<Model.Change<string>>>()
  readonly #newest: Record<string, number> = {}
  #writes = 0

  constructor(options: SceneOptions, name: string) {
    const { seed = 1, reconnects = 1000, unread = 64 << 20, mostUnread = Infinity, patience = 20_000 } = options
    const silence = name === 'no reader' ? NEVER : SILENCE
    this.random = randomFrom(seed)
    this.options = { seed, reconnects, unread, mostUnread, patience }
    this.trial = {
      stores: this.stores,
      connect: (store, transport) => {
        const again = (): Connection =>
          connect(store, this.faults.wrap(transport), { ...QUICK, silence, random: this.random })
        const joined = { store, kind: transport.kind, connection: again(), again }
        this.joined.push(joined)
        this.faults.isOneSided = this.joined.length < 2
        return joined.connection
      },
    }
  }

  has(kind: Transport['kind']): boolean {
    return this.joined.some((joined) => joined.kind === kind)
  }

  /** A write on each side, of a key that both write and of one of its own. */
  write(value = ''): void {
    for (const [i, store] of this.stores.entries()) {
      const n = this.#writes++
      for (const key of [`both${String(n % 5)}`, `${String(i)}-${String(n)}`]) {
        const made = store.change(Model.set(key, `${value}${String(n)}${FOREIGN}`))
        if (made._tag === 'Right') this.#note(made.right)
      }
    }
  }

  /** Many writes at once, on a side whose peer is read through faults. */
  writeAll(count: number, value: string): void {
    const commands = Array.from({ length: count }, (_, i) => Model.set(`bulk${String(i)}`, value))
    const isReader = (store: unknown): boolean => this.faults.isOneSided && this.joined[0]?.store === store
    const made = this.stores[isReader(this.stores[0]) ? 1 : 0].changeAll(commands)
    for (const update of made._tag === 'Right' ? made.right : []) this.#note(update)
  }

  #note(update: Update<Model.Change<string>>): void {
    const [[key], timestamp, source] = update
    const held = this.#expected.get(key)
    if (held === undefined || compare(held, update) < 0) this.#expected.set(key, update)
    this.#newest[source] = timestamp
  }

  /** Waits until both stores hold what was written. */
  async inStep(): Promise<void> {
    await this.until('the stores are not in step', () => this.#isInStep())
  }

  /** Waits as long as patience lasts. It lasts anew whenever there is progress. */
  async until(otherwise: string, is: () => boolean, progress: () => number = () => 0): Promise<void> {
    const { patience } = this.options
    let [start, reached] = [performance.now(), progress()]
    while (!is()) {
      const now = progress()
      if (now !== reached) [start, reached] = [performance.now(), now]
      if (performance.now() - start > patience) throw new Stop(`${otherwise} after ${String(patience)} ms`)
      await sleep(2)
    }
  }

  /** Waits until a number stays the same for a moment, at most as long as patience lasts. */
  async settled(number: () => number): Promise<void> {
    let before = NaN
    for (let looks = 0; looks * LOOK < this.options.patience && before !== number(); looks++) {
      before = number()
      await sleep(LOOK)
    }
  }

  #isInStep(): boolean {
    const [ann, ben] = this.stores.map((store) => store.getReplica())
    const [a, b] = [texts.digest(ann!), texts.digest(ben!)]
    const areSynced = texts.isSynced(a, b)
    const covers = [a, b].every(({ clock }) =>
      Object.entries(this.#newest).every(([source, newest]) => (clock[source] ?? 0) >= newest),
    )
    if (!areSynced && !covers) return false
    const [left, right] = [Model.toJSON(ann!.state), Model.toJSON(ben!.state)]
    if (areSynced && !Json.equals(left, right)) throw new Stop('equal digests, and different states')
    const expected = Object.fromEntries([...this.#expected].map(([key, [[, value]]]) => [key, value]))
    return covers && Json.equals(left, expected) && Json.equals(right, expected)
  }
}

/** Ms between two looks at what should not change. */
const LOOK = 60

/** Numbers from 0 up to 1. Source: mulberry32, by T. Ettinger. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
