/**
 * W7: scuttlebutt 5.5.20, which npm nests below r-array, r-edit and expiry-model, sends live
 * updates before its header, ahead of its history. Ours keeps all of it.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { overWire } from '../runs.js'
import { kindsOf, type Kind, type Peer } from './kinds.js'
import { familyOf } from './original.js'
import { connect, eventually, type Wire } from './tcp.js'

const kinds = kindsOf(familyOf('5.5.20')).filter(({ name }) => ['RArray', 'REdit', 'ExpiryModel'].includes(name))

const write = fc.record({ at: fc.nat(2), key: fc.constantFrom('a', 'b', 'c', 'é'), value: fc.nat(4) })

const writes = fc.array(write, { maxLength: 8 })

type Writes = readonly { readonly at: number; readonly key: string; readonly value: number }[]

/** What is written before the sockets open, in the tick in which they do, and some ms later. */
const round = fc.record({ before: writes, early: writes, live: writes, ms: fc.nat(4) })

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const play = ({ values }: Kind, peers: readonly Peer[], all: Writes): void => {
  for (const { at, key, value } of all) peers[at % peers.length]!.write(key, values[value])
}

/** Joins ours, the first, to each of the others. */
const join = ([ours, ...theirs]: readonly [Peer, ...Peer[]]): Promise<readonly Wire[]> =>
  Promise.all(theirs.map((peer) => connect(ours.stream, peer.stream)))

const part = (wires: readonly Wire[]): Promise<unknown> => Promise.all(wires.map((wire) => wire.cut()))

describe.concurrent.each(kinds.map((kind) => [kind.name, kind] as const))('W7: %s of 5.5.20', (_, kind) => {
  // two originals that relay out of order claim of each other what they never had
  test.each(kind.isRelayed === false ? [1] : [1, 2])(
    'loses nothing that it still holds, whenever it writes and is cut: %i originals',
    async (count) => {
      await fc.assert(
        fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), async (rounds) => {
          const originals = Array.from({ length: count }, (_, i) => kind.theirs(`theirs${String(i)}`))
          const ours = kind.ours('ours')
          const peers = [ours, ...originals] as const
          for (const { before, early, live, ms } of rounds) {
            play(kind, peers, before)
            const wires = await join(peers)
            play(kind, peers, early)
            if (ms > 0) await pause(ms)
            play(kind, peers, live)
            await part(wires)
          }
          const wires = await join(peers)
          await eventually(() => {
            for (const original of originals) expect(ours.lacks!(original.history())).toBe(false)
          })
          await part(wires)
        }),
        { numRuns: overWire(12) },
      )
    },
  )
})
