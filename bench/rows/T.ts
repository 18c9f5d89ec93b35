/**
 * T1 to T12: texts of n edits. `TRACES=<folder> TRACE=<name>` takes them from a real trace, which
 * is T12; otherwise from a made one. n beyond a trace is the whole trace.
 */
import { gzipSync } from 'node:zlib'
import { Text } from 'scuttlebutt-ts'
import * as Y from 'yjs'
import { timed, verify, weigh, type Contestant, type Row, type Work } from '../harness.js'
import {
  conversation,
  edits,
  endOf,
  inJsonJoy,
  inYjs,
  ownState,
  pad,
  resultOf,
  scattered,
  written,
  type Conversation,
  type Edit,
  type TextUpdate,
} from '../texts.js'
import { oncePerSize } from '../works.js'

const SIZES = [1e4, 1e5, 259_778]

const expected = endOf
const scatteredResult = oncePerSize((n) => resultOf(scattered(n)))
const updates = oncePerSize((n) => {
  const all: TextUpdate[] = []
  const replica = written(edits(n), (update) => all.push(update))
  return {
    all,
    replica,
    lines: pad
      .history()(replica)
      .map((update) => JSON.stringify(update)),
  }
})
const yjsUpdates = oncePerSize((n) => {
  const all: Uint8Array[] = []
  const doc = inYjs(edits(n), (update) => all.push(update))
  return { all, doc, whole: Y.encodeStateAsUpdate(doc) }
})

/** The time that `make` takes to give the text of n edits. */
const giving =
  (make: (n: number) => () => () => string, result = expected): Work =>
  (n) => {
    const ready = make(n)
    let read = (): string => ''
    const ms = timed(() => (read = ready()))
    verify(read() === result(n), 'the text')
    return ms
  }

const typing = (take: (all: ReadonlyArray<Edit>) => () => string, source = edits, result = expected): Contestant => ({
  work: giving((n) => {
    const all = source(n)
    return () => take(all)
  }, result),
})

const yjsRead = (doc: Y.Doc) => () => doc.getText('text').toJSON()

const ofYjs = (hear: (doc: Y.Doc, n: number) => void): Contestant => ({
  work: giving((n) => {
    yjsUpdates(n)
    return () => {
      const doc = new Y.Doc()
      hear(doc, n)
      return yjsRead(doc)
    }
  }),
})

const row = (
  id: string,
  title: string,
  contestants: Row['contestants'],
  goals: ReadonlyArray<readonly [peer: string, atMost: number]>,
  unit: Row['unit'] = 'ms',
  sizes: ReadonlyArray<number> = SIZES,
): Row => ({
  id,
  title,
  unit,
  sizes,
  quick: sizes.slice(0, 1),
  contestants,
  goals: goals.map(([peer, atMost]) => ({ peer, n: sizes.at(-1)!, atMost })),
})

const OURS = 'scuttlebutt-ts'

const readPad = (replica: ReturnType<typeof pad.create>) => () => Text.toString(replica.state)

const local: ReadonlyArray<Row> = [
  row(
    'T1',
    'n edits of a text, each a change that `own` takes: the structure alone',
    {
      [OURS]: typing((all) => {
        const state = ownState(all)
        return () => Text.toString(state)
      }),
      Yjs: typing((all) => yjsRead(inYjs(all))),
      'Yjs, with its updates': typing((all) => yjsRead(inYjs(all, () => undefined))),
      'json-joy, with its bytes': typing((all) => {
        const text = inJsonJoy(all, () => undefined)
        return () => text
      }),
    },
    [
      ['Yjs', 1 / 15],
      ['Yjs, with its updates', 1 / 25],
      ['json-joy, with its bytes', 0.6],
    ],
  ),
  row(
    'T2',
    'n edits of a text, each an update of a whole replica',
    {
      [OURS]: typing((all) => readPad(written(all))),
      Yjs: typing((all) => yjsRead(inYjs(all))),
      'json-joy, with its bytes': typing((all) => {
        const text = inJsonJoy(all, () => undefined)
        return () => text
      }),
    },
    [
      ['Yjs', 1 / 8],
      ['json-joy, with its bytes', 1],
    ],
  ),
]

const remote: ReadonlyArray<Row> = [
  row(
    'T3',
    'n updates of a text from a peer, one by one',
    {
      [OURS]: {
        work: giving((n) => {
          const { all } = updates(n)
          return () => readPad(all.reduce((replica, update) => pad.applyUpdate(update)(replica), pad.create('ben')))
        }),
      },
      Yjs: ofYjs((doc, n) => {
        for (const update of yjsUpdates(n).all) Y.applyUpdate(doc, update)
      }),
    },
    [['Yjs', 1 / 6]],
  ),
  row(
    'T4',
    'n updates of a text from a peer, as one batch',
    {
      [OURS]: {
        work: giving((n) => {
          const { all } = updates(n)
          return () => readPad(pad.applyUpdates(all)(pad.create('ben')))
        }),
      },
      Yjs: ofYjs((doc, n) => {
        doc.transact(() => {
          for (const update of yjsUpdates(n).all) Y.applyUpdate(doc, update)
        })
      }),
    },
    [['Yjs', 0.3]],
  ),
  row(
    'T5',
    'a new peer reads the history of n edits, as lines of JSON',
    {
      [OURS]: {
        work: giving((n) => {
          const { lines } = updates(n)
          const decode = pad.decode()
          return () => {
            const heard = lines.flatMap((line) => {
              const decoded = decode(JSON.parse(line))
              return decoded._tag === 'Left' ? [] : [decoded.right]
            })
            return readPad(pad.applyUpdates(heard)(pad.create('ben')))
          }
        }),
      },
      Yjs: ofYjs((doc, n) => {
        Y.applyUpdate(doc, yjsUpdates(n).whole)
      }),
    },
    [['Yjs', 3]],
  ),
  row(
    'T6',
    'a text of n edits is opened from what was saved, and read',
    {
      [OURS]: {
        work: giving((n) => {
          const file = JSON.stringify(Text.save(updates(n).replica))
          return () => {
            const loaded = pad.load(JSON.parse(file))
            if (loaded._tag === 'Left') throw new Error(loaded.left.reason)
            const text = Text.toString(loaded.right.state)
            return () => text
          }
        }),
      },
      Yjs: ofYjs((doc, n) => {
        Y.applyUpdate(doc, yjsUpdates(n).whole)
      }),
    },
    [['Yjs', 1.5]],
  ),
]

/** Two who write at once and hear each other every ten edits: who types what. */
const together = (n: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: Math.ceil(n / 20) }, (_, i) => Array.from({ length: 10 }, (_, j) => i * 10 + j))

const TWO: Row = row(
  'T7',
  'two write n edits at once, and hear each other every ten: all of it',
  {
    [OURS]: {
      work: (n) => {
        let [a, b] = [pad.create('ann'), pad.create('ben')]
        const ms = timed(() => {
          for (const keys of together(n)) {
            const told: TextUpdate[][] = [[], []]
            for (const key of keys) {
              const at = Math.min(key, Text.length(a.state))
              const first = pad.change(Text.insert(at, 'a'), key)(a)
              const second = pad.change(Text.insert(Math.max(0, Text.length(b.state) - (key % 5)), 'b'), key)(b)
              if (first._tag === 'Left' || second._tag === 'Left') throw new Error('an edit was refused')
              told[0]!.push(first.right[0])
              told[1]!.push(second.right[0])
              a = first.right[1]
              b = second.right[1]
            }
            for (const update of told[1]!) a = pad.applyUpdate(update)(a)
            for (const update of told[0]!) b = pad.applyUpdate(update)(b)
          }
        })
        verify(Text.toString(a.state) === Text.toString(b.state), 'two texts')
        return ms
      },
    },
    Yjs: {
      work: (n) => {
        const [a, b] = [new Y.Doc(), new Y.Doc()]
        const told: Uint8Array[][] = [[], []]
        a.on('update', (update: Uint8Array, origin: unknown) => origin !== 'peer' && told[0]!.push(update))
        b.on('update', (update: Uint8Array, origin: unknown) => origin !== 'peer' && told[1]!.push(update))
        const [first, second] = [a.getText('text'), b.getText('text')]
        const ms = timed(() => {
          for (const keys of together(n)) {
            for (const key of keys) {
              first.insert(Math.min(key, first.length), 'a')
              second.insert(Math.max(0, second.length - (key % 5)), 'b')
            }
            for (const update of told[1]!.splice(0)) Y.applyUpdate(a, update, 'peer')
            for (const update of told[0]!.splice(0)) Y.applyUpdate(b, update, 'peer')
          }
        })
        verify(first.toJSON() === second.toJSON(), 'two texts')
        return ms
      },
    },
  },
  [['Yjs', 1 / 6]],
  'ms',
  [1e3, 1e4],
)

const scatter: Row = {
  ...row(
    'T8',
    'n inserts at random places of a text, each an update of a whole replica',
    {
      [OURS]: typing((all) => readPad(written(all)), scattered, scatteredResult),
      Yjs: { ...typing((all) => yjsRead(inYjs(all)), scattered, scatteredResult), most: 1e5 },
    },
    [],
    'ms',
    [1e4, 1e5, 1e6],
  ),
  goals: [
    { peer: 'Yjs', n: 1e5, atMost: 0.5 },
    { from: 1e5, to: 1e6, atMost: 20 },
  ],
}

const weighing = (make: (n: number) => unknown): Contestant => ({
  work: (n) => {
    edits(n)
    return weigh(() => make(n))
  },
})

const sizes: ReadonlyArray<Row> = [
  row(
    'T9',
    'memory of a text of n edits, with its log',
    { [OURS]: weighing((n) => written(edits(n))), Yjs: weighing((n) => inYjs(edits(n))) },
    [['Yjs', 2]],
    'bytes',
  ),
  row(
    'T9b',
    'memory of the states of all n versions, an edit',
    {
      [OURS]: {
        work: (n) => {
          const all = edits(n)
          return (
            weigh(() => {
              const kept: Text.State[] = []
              ownState(all, (state) => kept.push(state))
              return kept
            }) / all.length
          )
        },
      },
    },
    [],
    'bytes an update',
  ),
  row(
    'T10',
    'bytes of the history of n edits, as lines of JSON',
    {
      [OURS]: { work: (n) => updates(n).lines.join('\n').length },
      Yjs: { work: (n) => yjsUpdates(n).whole.length },
    },
    [['Yjs', 4]],
    'bytes',
  ),
  row(
    'T10b',
    'bytes of the history of n edits, by gzip',
    {
      [OURS]: { work: (n) => gzipSync(updates(n).lines.join('\n')).length },
      Yjs: { work: (n) => yjsUpdates(n).whole.length },
    },
    [['Yjs', 1]],
    'bytes',
  ),
]

const CROWD = 8

const crowd: Row = row(
  'T11',
  `n sources put a word of ${String(CROWD)} letters at one place each`,
  {
    [OURS]: {
      work: (n) => {
        const all = Array.from({ length: n }, (_, i): TextUpdate => [
          [0, ['+', 'x'.repeat(CROWD), 0, 0]],
          1000 + i,
          `s${String((i * 7919) % n)}`,
        ])
        let replica = pad.create('ann')
        const ms = timed(() => {
          for (const update of all) replica = pad.applyUpdate(update)(replica)
        })
        verify(Text.length(replica.state) === n * CROWD, 'the length')
        return ms
      },
    },
    Yjs: {
      work: (n) => {
        const all = Array.from({ length: n }, () => {
          const doc = new Y.Doc()
          doc.getText('text').insert(0, 'x'.repeat(CROWD))
          return Y.encodeStateAsUpdate(doc)
        })
        const doc = new Y.Doc()
        const ms = timed(() => {
          for (const update of all) Y.applyUpdate(doc, update)
        })
        verify(doc.getText('text').length === n * CROWD, 'the length')
        return ms
      },
    },
  },
  [['Yjs', 0.5]],
  'ms',
  [1e3, 1e4],
)

/** What is heard of a conversation, by one who has nothing. */
const heard = oncePerSize(() => {
  const all = conversation()
  if (all === undefined) throw new Error('TRACES names no folder of traces')
  return all
})

const hearing = (hear: (all: Conversation) => () => string): Contestant => ({
  work: giving(
    (n) => {
      const all = heard(n)
      return () => hear(all)
    },
    (n) => heard(n).end,
  ),
})

/** The number of updates of the trace. */
const FRIENDS = 26_078

const friends: ReadonlyArray<Row> =
  process.env['TRACES'] === undefined
    ? []
    : [
        row(
          'T7a',
          'the updates of the trace friendsforever from peers, one by one',
          {
            [OURS]: hearing(({ updates: all }) =>
              readPad(all.reduce((replica, update) => pad.applyUpdate(update)(replica), pad.create('x'))),
            ),
            Yjs: hearing(({ yjs }) => {
              const doc = new Y.Doc()
              for (const update of yjs) Y.applyUpdate(doc, update)
              return yjsRead(doc)
            }),
          },
          [['Yjs', 1 / 6]],
          'ms',
          [FRIENDS],
        ),
        row(
          'T7b',
          'the updates of the trace friendsforever from peers, as one batch',
          {
            [OURS]: hearing(({ updates: all }) => readPad(pad.applyUpdates(all)(pad.create('x')))),
            Yjs: hearing(({ yjs }) => {
              const doc = new Y.Doc()
              doc.transact(() => {
                for (const update of yjs) Y.applyUpdate(doc, update)
              })
              return yjsRead(doc)
            }),
          },
          [['Yjs', 0.4]],
          'ms',
          [FRIENDS],
        ),
      ]

export const rows: ReadonlyArray<Row> = [...local, ...remote, TWO, ...friends, scatter, ...sizes, crowd]
