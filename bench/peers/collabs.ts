/** Collabs: collections in a document, synchronized by messages, saved states, or both. */
import {
  AbstractDoc,
  CCounter,
  CLazyMap,
  CList,
  CRichText,
  CSet,
  CText,
  CValueList,
  CValueMap,
  CValueSet,
  CVar,
} from '@collabs/collabs'
import { key, numberOf, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

class Doc extends AbstractDoc {
  readonly map = this.runtime.registerCollab('map', (init) => new CValueMap<string, number>(init))
  readonly set = this.runtime.registerCollab('set', (init) => new CValueSet<string>(init))
  readonly list = this.runtime.registerCollab('list', (init) => new CValueList<number>(init))
  readonly rich = this.runtime.registerCollab('rich', (init) => new CRichText<{ b: true; i: true }>(init))
  readonly variable = this.runtime.registerCollab('variable', (init) => new CVar<number>(init, 0))
  readonly counter = this.runtime.registerCollab('counter', (init) => new CCounter(init))
  readonly texts = this.runtime.registerCollab(
    'texts',
    (init) => new CList<CText, []>(init, (textInit) => new CText(textInit)),
  )
  readonly counters = this.runtime.registerCollab(
    'counters',
    (init) => new CLazyMap<string, CCounter>(init, (counterInit) => new CCounter(counterInit)),
  )
  readonly members = this.runtime.registerCollab(
    'members',
    (init) => new CSet<CCounter, []>(init, (counterInit) => new CCounter(counterInit)),
  )
  readonly untold: Uint8Array[] = []

  constructor(id: string) {
    super({ autoTransactions: 'error', debugReplicaID: numberOf(id).toString(36).padStart(6, '0') })
    this.on('Send', ({ message }) => this.untold.push(message))
  }
}

const values: Edits<Doc> = {
  set: ({ map }, a, b) => map.set(key(a), b),
  delete: ({ map }, a) => map.delete(key(a)),
  add: ({ set }, a) => set.add(key(a)),
  deleteMember: ({ set }, a) => set.delete(key(a)),
  assign: ({ variable }, a) => (variable.value = a),
  count({ counter }, a, b) {
    counter.add(a - b)
  },
}

const lists: Edits<Doc> = {
  insert: ({ list }, a, b) => list.insert(a % (list.length + 1), b),
  deleteItem({ list }, a, b) {
    list.delete(...range(list.length, a, b))
  },
  type({ rich }, a, b) {
    rich.insert(a % (rich.length + 1), word(b), a % 2 === 0 ? {} : { b: true })
  },
  mark({ rich }, a, b) {
    const [at, count] = range(rich.length, a, b + 1)
    if (count > 0) rich.format(at, at + count, a % 2 === 0 ? 'b' : 'i', b % 2 === 0 ? true : undefined)
  },
  deleteText({ rich }, a, b) {
    rich.delete(...range(rich.length, a, b))
  },
}

const nested: Edits<Doc> = {
  addText: ({ texts }, a) => texts.insert(a % (texts.length + 1)),
  typeIn({ texts }, a, b) {
    if (texts.length > 0) texts.get(a % texts.length).insert(0, word(b))
  },
  move({ texts }, a, b) {
    if (texts.length > 0) texts.move(a % texts.length, b % (texts.length + 1))
  },
  deleteList({ texts }, a) {
    texts.delete(...range(texts.length, a, 1))
  },
  archiveText({ texts }, a) {
    texts.archive(...range(texts.length, a, 1))
  },
  countLazily({ counters }, a, b) {
    counters.get(key(a)).add(b)
  },
  join: ({ members }) => members.add(),
  countMember({ members }, a, b) {
    const all = [...members.values()]
    all[a % all.length]?.add(b)
  },
  deleteCounter({ members }, a) {
    const one = [...members.values()][a]
    if (one !== undefined) members.delete(one)
  },
}

const inTransactions = (edits: Edits<Doc>): Edits<Doc> =>
  Object.fromEntries(
    Object.entries(edits).map(([name, edit]) => [
      name,
      (doc, ...how) => {
        doc.transact(() => edit(doc, ...how))
      },
    ]),
  )

const sorted = <A extends readonly [string, unknown]>(entries: Iterable<A>): A[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1))

const show = (doc: Doc): unknown => ({
  map: sorted(doc.map.entries()),
  set: [...doc.set.values()].sort(),
  list: [...doc.list.values()],
  rich: doc.rich.formatted(),
  variable: doc.variable.value,
  counter: doc.counter.value,
  texts: [...doc.texts.values()].map(String),
  counters: sorted(doc.counters.entries()).map(([name, { value }]) => [name, value]),
  members: [...doc.members.values()].map(({ value }) => value).sort((a, b) => a - b),
})

type Message = { readonly saved: Uint8Array } | { readonly sent: ReadonlyArray<Uint8Array> }

const base = (edits: Edits<Doc>): Adapter<Doc, Message> => ({
  edits: inTransactions(edits),
  create: (id) => new Doc(id),
  receive: (message) => (doc) => {
    if ('saved' in message) doc.load(message.saved)
    else for (const one of message.sent) doc.receive(one)
  },
  show,
})

const byMessages = (edits: Edits<Doc>): Adapter<Doc, Message> => ({
  ...base(edits),
  told: ({ untold }) => ({ sent: untold.splice(0) }),
})

const byStates = (edits: Edits<Doc>): Adapter<Doc, Message> => ({
  ...base(edits),
  send: () => (doc) => ({ saved: doc.save() }),
  same: {
    'saved and loaded': (doc) => {
      const other = new Doc('other')
      other.load(doc.save())
      return show(other)
    },
  },
})

const byBoth = (edits: Edits<Doc>): Adapter<Doc, Message> => ({ ...byStates(edits), ...byMessages(edits) })

const about = (type: string, script?: string): Omit<Peer, 'check'> => ({
  library: '@collabs/collabs',
  type,
  promise:
    '"Two replicas will be in the same state once they have the same set of received (or sent) messages"; ' +
    'loading a saved state "is equivalent to delivering all messages" in it (AbstractDoc)',
  ...(script !== undefined && { script }),
})

const LIST = 'collabs-saved-list'
const OVERTAKEN = 'collabs-state-then-message'
const INSERTED = 'collabs-state-then-insert'

export const collabs: ReadonlyArray<Peer> = [
  peer(about('values, messages in any order'), byMessages(values)),
  peer(about('lists and rich text, messages in any order'), byMessages(lists)),
  peer(about('nested collections, messages in any order'), byMessages(nested)),
  peer(about('values, saved states merged'), byStates(values)),
  peer(about('lists and rich text, saved states merged', LIST), byStates(lists)),
  peer(about('nested collections, saved states merged'), byStates(nested)),
  peer(about('values, states and messages mixed', OVERTAKEN), byBoth(values)),
  peer(about('lists and rich text, states and messages mixed', `${LIST}, ${OVERTAKEN}`), byBoth(lists)),
  peer(about('nested collections, states and messages mixed', OVERTAKEN), byBoth(nested)),
  peer(
    { ...about('lists and rich text, states and messages mixed, nothing throws', INSERTED), laws: ['total'] },
    byBoth(lists),
  ),
]
