/**
 * cojson, the data of Jazz: a map, a list and a text of one user with many devices.
 *
 * It is imported when it is checked, since it is not among our dependencies.
 */
import type { LocalNode, Peer as End, RawCoList, RawCoMap, RawCoPlainText, RawGroup } from 'cojson'
import { atTime, key, peer, peerLater, turns, word } from './peer.js'
import type { Adapter, AdapterLater, Edit, Edits, Peer } from './peer.js'

interface Values {
  readonly group: RawGroup
  readonly map: RawCoMap
  readonly list: RawCoList
  readonly text: RawCoPlainText
}

interface Replica extends Values {
  readonly node: LocalNode
  /** What tells its clock from others. */
  readonly index: number
  /** The items, or the characters, that the last edit here should give. */
  written?: { readonly of: 'list' | 'text'; readonly items: ReadonlyArray<unknown> } | undefined
}

type Content = ReadonlyArray<unknown>

/** Opens a device. It holds what the first device made, and it has a session of its own. */
type Open = (session: string, index: number) => Replica

const NAMES = ['group', 'map', 'list', 'text'] as const

/** The wall clocks of replicas start here. */
const START = 1_700_000_000_000

const opening = async (): Promise<Open> => {
  const cojson = await import('cojson')
  const { NapiCrypto } = await import('cojson/crypto/NapiCrypto')
  const crypto = await NapiCrypto.create()
  const secret = crypto.newRandomAgentSecret()
  const device = (session: string): LocalNode =>
    new cojson.LocalNode(secret, `${crypto.getAgentID(secret)}_session_z${session}`, crypto)
  const values = atTime(START - 1, (): Values => {
    const group = device('first').createGroup()
    return { group, map: group.createMap(), list: group.createList(), text: group.createPlainText() }
  })
  const made = lacking(values)
  return (session, index) => {
    const node = device(session)
    hear(node, made)
    const held = NAMES.map((name) => [name, node.expectCoValueLoaded(values[name].id).getCurrentContent()])
    return { node, index, ...(Object.fromEntries(held) as Values) }
  }
}

/** What another lacks. */
const lacking = (values: Values, other?: Values): Content =>
  NAMES.flatMap((name) => values[name].core.newContentSince(other?.[name].core.knownState()) ?? [])

const hear = ({ syncManager }: LocalNode, content: Content): void => {
  for (const one of content) syncManager.handleNewContent(one, 'import')
}

const map: Edits<Replica> = {
  set({ map }, a, b) {
    map.set(key(a), b)
  },
  delete({ map }, a) {
    map.delete(key(a))
  },
}

/** Arguments of `Array.prototype.splice`. */
type Splice = readonly [at: number, removed: number, ...items: ReadonlyArray<unknown>]

/** Edits, and remembers what a plain array would give. Does nothing behind no item. */
const splice = (replica: Replica, of: 'list' | 'text', [at, removed, ...items]: Splice, edit: () => void): void => {
  // a remainder by 0
  if (Number.isNaN(at)) return
  const written = itemsOf(replica, of)
  written.splice(at, removed, ...items)
  edit()
  replica.written = { of, items: written }
}

const itemsOf = ({ list, text }: Omit<Values, 'group'>, of: 'list' | 'text'): unknown[] =>
  of === 'list' ? list.toJSON() : Array.from(text.toString())

const list: Edits<Replica> = {
  append(replica, a, b) {
    const { list } = replica
    const { length } = list.toJSON()
    const after = length === 0 ? -1 : a % length
    splice(replica, 'list', [after + 1, 0, b], () => {
      list.append(b, Math.max(after, 0))
    })
  },
  prepend(replica, _, b) {
    splice(replica, 'list', [0, 0, b], () => {
      replica.list.prepend(b)
    })
  },
  replace(replica, a, b) {
    const { list } = replica
    const at = a % list.toJSON().length
    splice(replica, 'list', [at, 1, b], () => {
      list.replace(at, b)
    })
  },
  deleteItem(replica, a) {
    const { list } = replica
    const at = a % list.toJSON().length
    splice(replica, 'list', [at, 1], () => {
      list.delete(at)
    })
  },
}

/** Before any item, and not only before the first. */
const prependAnywhere: Edits<Replica> = {
  prepend(replica, a, b) {
    const at = a % (replica.list.toJSON().length + 1)
    splice(replica, 'list', [at, 0, b], () => {
      replica.list.prepend(b, at)
    })
  },
}

const text: Edits<Replica> = {
  insertBefore(replica, a, b) {
    const { text } = replica
    const at = a % (text.toString().length + 1)
    splice(replica, 'text', [at, 0, ...Array.from(word(b))], () => {
      text.insertBefore(at, word(b))
    })
  },
  insertAfter(replica, a, b) {
    const { text } = replica
    const at = a % text.toString().length
    splice(replica, 'text', [at + 1, 0, ...Array.from(word(b))], () => {
      text.insertAfter(at, word(b))
    })
  },
  deleteRange(replica, a, b) {
    const { text } = replica
    const { length } = text.toString()
    const from = a % length
    const to = Math.min(from + b + 1, length)
    splice(replica, 'text', [from, to - from], () => {
      text.deleteRange({ from, to })
    })
  },
}

/** The time on the clock of a replica. */
type Clock = (now: number, index: number) => number

/** They stand still, differ and step back. */
const anyClock: Clock = (now) => START + now

/** They do too, but no two ever show the same. */
const noTwoAlike: Clock = (now, index) => START + now * 64 + index

let ticks = 0

/** One clock for all, that ticks at each edit. */
const oneClock: Clock = () => START + ++ticks

const timed = (edits: Edits<Replica>, clock: Clock): Edits<Replica> =>
  Object.fromEntries(
    Object.entries(edits).map(([name, edit]) => [
      name,
      (replica, a, b, now) => {
        replica.written = undefined
        return atTime(clock(now, replica.index), () => edit(replica, a, b, now))
      },
    ]),
  )

const show = ({ map, list, text }: Values): unknown => [map.toJSON(), list.toJSON(), text.toString()]

/** What holds where clocks do not tie. */
const kept = (open: Open) => ({
  same: {
    'a new device': (replica: Replica) => {
      const device = open('reader', 0)
      hear(device.node, lacking(replica))
      return show(device)
    },
  },
  qualities: [
    {
      name: 'an edit gives what it gives in a plain array',
      afterLocal: (_: Replica, __: Edit, { written, ...values }: Replica) =>
        written === undefined || String(itemsOf(values, written.of)) === String(written.items),
    },
  ],
})

/** Content messages, as JSON. Whoever comes back from disk has a new session. */
const byContent = (open: Open, edits: Edits<Replica>, clock: Clock): Adapter<Replica, string> => ({
  edits: timed(edits, clock),
  create: (_, { index }) => open(String(index), index),
  send: (other) => (replica) => {
    const content = lacking(replica, other)
    return content.length === 0 ? undefined : JSON.stringify(content)
  },
  receive: (message) => (replica) => {
    hear(replica.node, JSON.parse(message) as Content)
  },
  save: (replica) => JSON.stringify(lacking(replica)),
  load: (saved, _, { index, restarts }) => {
    const replica = open(`${String(index)}r${String(restarts)}`, index + 8 * restarts)
    hear(replica.node, JSON.parse(saved as string) as Content)
    return replica
  },
  show,
  ...(clock !== anyClock && kept(open)),
})

/** A node and a server, joined until both have nothing more to say. */
const meet = async (client: LocalNode, server: LocalNode): Promise<void> => {
  const { cojsonInternals } = await import('cojson')
  const ends = cojsonInternals.connectedPeers('client', 'server', { peer1role: 'client', peer2role: 'server' })
  let said = 0
  const count = ({ incoming }: End): void => {
    incoming.onMessage(() => said++)
  }
  server.syncManager.addPeer(ends[0])
  client.syncManager.addPeer(ends[1])
  ends.forEach(count)
  for (let before = -1; before !== said;) {
    before = said
    await turns(3)
  }
  server.syncManager.removePeer('client')
  client.syncManager.removePeer('server')
}

/** Nodes meet: a message is the other node itself. */
const byNodes = (open: Open, edits: Edits<Replica>, clock: Clock): AdapterLater<Replica, () => Replica> => ({
  edits: timed(edits, clock),
  settles: () => turns(1),
  create: (_, { index }) => open(String(index), index),
  send: (other) => (replica) => (lacking(replica, other).length === 0 ? undefined : () => replica),
  receive: (other) => async (replica) => {
    await meet(replica.node, other().node)
  },
  // it brings also what the other has heard since
  isWhole: false,
  show,
  ...(clock !== anyClock && kept(open)),
})

type About = readonly [type: string, promise: string, script?: string]

const about = ([type, promise, script]: About): Omit<Peer, 'check'> => ({
  library: 'cojson',
  type,
  promise,
  ...(script !== undefined && { script }),
})

const byMessages = (told: About, edits: Edits<Replica>, clock: Clock): Peer => ({
  ...about(told),
  check: async (options) => peer(about(told), byContent(await opening(), edits, clock)).check(options),
})

const byMeeting = (told: About, edits: Edits<Replica>, clock: Clock): Peer => ({
  ...about(told),
  check: async (options) => peerLater(about(told), byNodes(await opening(), edits, clock)).check(options),
})

const CONVERGES = `histories give the current state "in an eventually-consistent way" (jazz.tools, schemas/covalues)`
const APPENDS = '"Appends `item` after the item currently at index `after`" (RawCoList.append)'
const PREPENDS = '"Prepends `item` before the item currently at index `before`" (RawCoList.prepend)'
const SAME = 'the same'

export const cojson: ReadonlyArray<Peer> = [
  byMessages(['CoMap, content messages', CONVERGES, 'cojson-ties'], map, anyClock),
  byMessages(['CoMap, content messages, no two clocks alike', SAME], map, noTwoAlike),
  byMessages(['CoList, content messages', SAME, 'cojson-ties-of-list'], list, anyClock),
  byMessages(['CoList, content messages, no two clocks alike', APPENDS, 'cojson-late-clock'], list, noTwoAlike),
  byMessages(['CoList, content messages, one clock', SAME], list, oneClock),
  byMessages(
    ['CoList, content messages, one clock, prepend before any item', PREPENDS, 'cojson-prepend'],
    { ...list, ...prependAnywhere },
    oneClock,
  ),
  byMessages(['CoPlainText, content messages', SAME, 'cojson-ties-of-list'], text, anyClock),
  byMessages(['CoPlainText, content messages, one clock', SAME], text, oneClock),
  byMeeting(
    ['CoMap, CoList and CoPlainText, two nodes that meet', SAME, 'cojson-ties, cojson-ties-of-list'],
    { ...map, ...list, ...text },
    anyClock,
  ),
  byMeeting(
    ['CoMap, CoList and CoPlainText, two nodes that meet, one clock', SAME],
    { ...map, ...list, ...text },
    oneClock,
  ),
]
