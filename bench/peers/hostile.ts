/** What libraries do with input that no peer of theirs would send. */
import * as Automerge from '@automerge/automerge'
import { CRuntime, CValueMap } from '@collabs/collabs'
import { Model } from 'json-joy/lib/json-crdt/index.js'
import { Patch, s } from 'json-joy/lib/json-crdt-patch/index.js'
import { EphemeralStore, LoroDoc } from 'loro-crdt'
import { createRequire } from 'node:module'
import { createMergeableStore, type MergeableChanges } from 'tinybase'
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'

const require = createRequire(import.meta.url)

/** From harmless to grave. */
const REACTIONS = ['refuses', 'ignores', 'accepts', 'broken after', 'pollutes', 'hangs'] as const
export type Reaction = (typeof REACTIONS)[number]

/** A replica that takes messages as bytes. */
interface Target {
  readonly receive: (message: Uint8Array) => void
  readonly show: () => unknown
}

interface Library {
  readonly library: string
  /** Messages of a good peer, in order: each changes the value of `x`. */
  readonly messages: () => readonly [first: Uint8Array, second: Uint8Array]
  readonly open: () => Target
  /** A message that writes under the key `__proto__`, if the format can say it. */
  readonly proto?: () => Uint8Array
}

const encoded = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const decoded = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))

const yjs = (): Library => {
  const write = (doc: Y.Doc, key: string, value: unknown): Uint8Array => {
    const before = Y.encodeStateVector(doc)
    doc.getMap().set(key, value)
    return Y.encodeStateAsUpdate(doc, before)
  }
  return {
    library: 'yjs',
    messages: () => {
      const doc = Object.assign(new Y.Doc(), { clientID: 1 })
      return [write(doc, 'x', 'one'), write(doc, 'x', 'two')]
    },
    open: () => {
      const doc = new Y.Doc()
      return {
        receive: (message) => {
          Y.applyUpdate(doc, message)
        },
        show: () => doc.getMap().toJSON(),
      }
    },
    proto: () => write(new Y.Doc(), '__proto__', { polluted: true }),
  }
}

const awareness = (): Library => {
  const open = (clientID: number): Awareness => new Awareness(Object.assign(new Y.Doc(), { clientID }))
  return {
    library: 'y-protocols',
    messages: () => {
      const one = open(1)
      const write = (value: string): Uint8Array => {
        one.setLocalStateField('x', value)
        return encodeAwarenessUpdate(one, [1])
      }
      return [write('one'), write('two')]
    },
    open: () => {
      const two = open(2)
      return {
        receive: (message) => {
          applyAwarenessUpdate(two, message, 'peer')
        },
        show: () => [...two.getStates()],
      }
    },
  }
}

const automerge = (): Library => {
  type Root = Record<string, unknown>
  const write = (doc: Automerge.Doc<Root>, key: string, value: unknown) =>
    Automerge.change(doc, (draft) => (draft[key] = value))
  return {
    library: '@automerge/automerge',
    messages: () => {
      const one = write(Automerge.init<Root>('aa'), 'x', 'one')
      return [Automerge.getLastLocalChange(one)!, Automerge.getLastLocalChange(write(one, 'x', 'two'))!]
    },
    open: () => {
      let doc = Automerge.init<Root>('bb')
      return {
        receive: (message) => {
          doc = Automerge.applyChanges(doc, [message])[0]
        },
        show: () => Automerge.toJS(doc),
      }
    },
  }
}

const loro = (): Library => {
  const write = (doc: LoroDoc, key: string, value: unknown): Uint8Array => {
    const before = doc.version()
    doc.getMap('map').set(key, value as string)
    doc.commit()
    return doc.export({ mode: 'update', from: before })
  }
  return {
    library: 'loro-crdt',
    messages: () => {
      const doc = new LoroDoc()
      return [write(doc, 'x', 'one'), write(doc, 'x', 'two')]
    },
    open: () => {
      const doc = new LoroDoc()
      return {
        receive: (message) => {
          doc.import(message)
        },
        show: () => doc.getMap('map').toJSON() as unknown,
      }
    },
    proto: () => write(new LoroDoc(), '__proto__', { polluted: true }),
  }
}

const ephemeral = (): Library => ({
  library: 'loro-crdt, EphemeralStore',
  messages: () => {
    const write = (value: string): Uint8Array => {
      const store = new EphemeralStore(1e9)
      store.set('x', value)
      return store.encodeAll()
    }
    return [write('one'), write('two')]
  },
  open: () => {
    const store = new EphemeralStore(1e9)
    return {
      receive: (message) => {
        store.apply(message)
      },
      show: () => store.getAllStates(),
    }
  },
})

const tinybase = (): Library => {
  const write = (...writes: ReadonlyArray<readonly [key: string, value: string]>): Uint8Array => {
    const store = createMergeableStore('one')
    for (const [key, value] of writes) store.setCell('table', key, 'cell', value)
    return encoded(store.getMergeableContent())
  }
  return {
    library: 'tinybase',
    messages: () => [write(['x', 'one']), write(['x', 'one'], ['x', 'two'])],
    open: () => {
      const store = createMergeableStore('two')
      return {
        receive: (message) => {
          store.applyMergeableChanges(decoded(message) as MergeableChanges)
        },
        show: () => store.getTables(),
      }
    },
    proto: () => {
      const text = new TextDecoder().decode(write(['x', 'one']))
      return new TextEncoder().encode(text.replace('"table"', '"__proto__"').replace('"cell"', '"polluted"'))
    },
  }
}

const jsonJoy = (): Library => {
  const base = Model.create(s.obj({}), 100_000)
  const write = (doc: typeof base, key: string, value: unknown): Uint8Array => {
    doc.api.obj([]).set({ [key]: value })
    return doc.api.flush().toBinary()
  }
  return {
    library: 'json-joy',
    messages: () => {
      const doc = base.fork(100_001)
      return [write(doc, 'x', 'one'), write(doc, 'x', 'two')]
    },
    open: () => {
      const doc = base.fork(100_002)
      return {
        receive: (message) => {
          doc.applyPatch(Patch.fromBinary(message))
        },
        show: () => doc.view(),
      }
    },
    proto: () => write(base.fork(100_003), '__proto__', { polluted: true }),
  }
}

const collabs = (): Library => {
  const open = (debugReplicaID: string) => {
    const runtime = new CRuntime({ debugReplicaID, autoTransactions: 'error' })
    const sent: Uint8Array[] = []
    runtime.on('Send', ({ message }) => sent.push(message))
    const map = runtime.registerCollab('map', (init) => new CValueMap<string, unknown>(init))
    const write = (key: string, value: unknown): Uint8Array => {
      runtime.transact(() => map.set(key, value))
      return sent.pop()!
    }
    return { runtime, map, write }
  }
  return {
    library: '@collabs/collabs',
    messages: () => {
      const { write } = open('aaaaaa')
      return [write('x', 'one'), write('x', 'two')]
    },
    open: () => {
      const { runtime, map } = open('bbbbbb')
      return {
        receive: (message) => {
          runtime.receive(message)
        },
        show: () => [...map.entries()],
      }
    },
    proto: () => open('cccccc').write('__proto__', { polluted: true }),
  }
}

/** A type of npm scuttlebutt, which takes updates as JSON. */
const original = (library: string, changeOf: (key: string, value: unknown) => unknown): Library => ({
  library,
  messages: () => [encoded([changeOf('x', 'one'), 1, 'a']), encoded([changeOf('x', 'two'), 2, 'a'])],
  open: () => {
    const Type = require(library === 'crdt' ? 'crdt/doc' : 'scuttlebutt/model') as new () => {
      _update: (update: unknown) => void
    }
    const replica = new Type()
    return {
      receive: (message) => {
        replica._update(decoded(message))
      },
      show: () => JSON.parse(JSON.stringify(replica)) as unknown,
    }
  },
  proto: () =>
    new TextEncoder().encode(
      JSON.stringify([changeOf('KEY', { polluted: true }), 1, 'b']).replaceAll('KEY', '__proto__'),
    ),
})

const libraries: ReadonlyArray<() => Library> = [
  yjs,
  awareness,
  automerge,
  loro,
  ephemeral,
  tinybase,
  jsonJoy,
  collabs,
  () => original('scuttlebutt', (key, value) => [key, value]),
  () => original('crdt', (key, value) => [key, { [key]: value }]),
]

/** Numbers that look random, and are the same each time. */
const numbers = (seed: number) => (): number => (seed = (seed * 48_271) % 0x7fffffff)

const filled = (length: number, fill: () => number): Uint8Array => Uint8Array.from({ length }, () => fill() & 255)

/** Messages made of a good one. */
const INPUTS: Readonly<Record<string, (library: Library) => ReadonlyArray<Uint8Array>>> = {
  truncated: ({ messages }) => {
    const [, message] = messages()
    return Array.from(message, (_, length) => message.slice(0, length))
  },
  'a bit flipped': ({ messages }) => {
    const [, message] = messages()
    return Array.from({ length: message.length * 8 }, (_, bit) =>
      message.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    )
  },
  garbage: () => Array.from({ length: 300 }, (_, i) => filled(i, numbers(i + 1))),
  'lengths of 2^53': () =>
    [1, 2, 3, 5, 8].map((at) =>
      filled(64, () => 255)
        .fill(1, 0, at)
        .fill(127, 60),
    ),
  'a megabyte appended': ({ messages }) => [new Uint8Array([...messages()[1], ...new Uint8Array(1e6)])],
  '`__proto__`': ({ proto }) => (proto === undefined ? [] : [proto()]),
}

/** How a replica takes a message, when another came before and one will come after. */
const reactionTo = ({ open, messages }: Library, message: Uint8Array): Reaction => {
  const { receive, show } = open()
  const [first, second] = messages()
  receive(first)
  const before = JSON.stringify(show())
  let reaction: Reaction = 'ignores'
  try {
    receive(message)
  } catch {
    reaction = 'refuses'
  }
  if ('polluted' in {}) return 'pollutes'
  try {
    if (JSON.stringify(show()) !== before) reaction = 'accepts'
    receive(second)
    return JSON.stringify(show()).includes('two') ? reaction : 'broken after'
  } catch {
    return 'broken after'
  }
}

const worst = (reactions: ReadonlyArray<Reaction>): Reaction =>
  REACTIONS[Math.max(0, ...reactions.map((one) => REACTIONS.indexOf(one)))]!

export interface Victim {
  readonly library: string
  readonly input: string
  readonly attack: () => Reaction
}

export const victims: ReadonlyArray<Victim> = libraries.flatMap((open) => {
  const library = open()
  return Object.entries(INPUTS)
    .filter(([input]) => input !== '`__proto__`' || library.proto !== undefined)
    .map(([input, messagesOf]) => ({
      library: library.library,
      input,
      attack: () => worst(messagesOf(library).map((message) => reactionTo(library, message))),
    }))
})
