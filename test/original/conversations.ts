/** Ours and the original family converse over TCP. They must end equal, in every arrangement. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createWriteStream as writeFileStream } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindsOf, type Kind, type Peer } from './kinds.js'
import type { Family } from './original.js'
import { connect, eventually } from './tcp.js'
import { overWire } from '../runs.js'

const key = fc.constantFrom('a', 'b', 'c', 'é', 'x y')

interface Write {
  readonly at: number
  readonly key: string
  readonly value: number
}

const writes = (peers: number, maxLength = 8): fc.Arbitrary<ReadonlyArray<Write>> =>
  fc.array(fc.record({ at: fc.nat(peers - 1), key, value: fc.nat(4) }), { maxLength })

const play = (kind: Kind, peers: ReadonlyArray<Peer>, all: ReadonlyArray<Write>): void => {
  for (const { at, key, value } of all) peers[at]!.write(key, kind.values[value])
}

/** Lets peers write before the headers come, except 5.5.20, whose history the peer would lose. */
const playEarly = (kind: Kind, peers: ReadonlyArray<Peer>, all: ReadonlyArray<Write>): void => {
  play(
    kind,
    peers,
    all.filter(({ at }) => peers[at]!.isEarly),
  )
}

const expectEqual = (peers: ReadonlyArray<Peer>): void => {
  for (const peer of peers.slice(1)) expect(peer.read()).toEqual(peers[0]!.read())
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Waits until the wall clock is past every timestamp made so far. A peer of ours that hears a
 * timestamp of the original and writes in the same millisecond takes the next doubles, and another
 * original may take the same: a tie, which parting.test.ts is about.
 */
const nextMoment = (): Promise<void> => pause(2)

const piecesOf = (bytes: Uint8Array, size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

/** All conversations of one version of the original family. */
export const converseWith = (family: Family): void => {
  // side by side, since they mostly wait for sockets
  describe.concurrent.each(kindsOf(family).map((kind) => [kind.name, kind] as const))(
    `%s and the original on ${family.version}`,
    (_, kind) => {
      const pairs = [
        ['ours calls', (): [Peer, Peer] => [kind.ours('ours'), kind.theirs('theirs')]],
        ['the original calls', (): [Peer, Peer] => [kind.theirs('theirs'), kind.ours('ours')]],
        ['ours alone', (): [Peer, Peer] => [kind.ours('a'), kind.ours('b')]],
      ] as const

      test.each(pairs)('converge with writes before, during and after the handshake: %s', async (_, make) => {
        await fc.assert(
          fc.asyncProperty(writes(2), writes(2), writes(2), async (before, during, after) => {
            const peers = make()
            play(kind, peers, before)
            await nextMoment()
            const withMeta = (peer: Peer) => () => peer.stream({ meta: { v: 1 } })
            const wire = await connect(withMeta(peers[0]), withMeta(peers[1]))
            playEarly(kind, peers, during)
            await nextMoment()
            if (peers.some(({ isEarly }) => !isEarly)) await wire.synced
            play(kind, peers, after)
            await eventually(() => {
              expectEqual(peers)
            })
            await wire.cut()
          }),
          { numRuns: overWire(30) },
        )
      })

      test.each(pairs)('converge after cuts at random moments: %s', async (_, make) => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.tuple(writes(2, 30), fc.nat(3)), { maxLength: 5 }), async (rounds) => {
            const peers = make()
            for (const [all, ms] of rounds) {
              play(
                kind,
                peers,
                all.filter(({ at }) => !peers[at]!.isEarly),
              )
              const wire = await connect(peers[0].stream, peers[1].stream)
              playEarly(kind, peers, all)
              if (ms > 0) await pause(ms)
              await wire.cut()
              await nextMoment()
            }
            const wire = await connect(peers[0].stream, peers[1].stream)
            await eventually(() => {
              expectEqual(peers)
            })
            await wire.cut()
          }),
          { numRuns: overWire(15) },
        )
      })

      const chains = [
        ['original – ours – original', () => [kind.theirs('a'), kind.ours('b'), kind.theirs('c')]],
        ['ours – original – ours', () => [kind.ours('a'), kind.theirs('b'), kind.ours('c')]],
      ] as const

      test.each(kind.isRelayed === false ? chains.slice(0, 1) : chains)('converge in a chain: %s', async (_, make) => {
        await fc.assert(
          fc.asyncProperty(writes(3), writes(3), async (before, after) => {
            const peers = make()
            play(kind, peers, before)
            await nextMoment()
            const isEarly = peers.every((peer) => peer.isEarly)
            const first = await connect(peers[0]!.stream, peers[1]!.stream)
            if (!isEarly) await first.synced
            const second = await connect(peers[1]!.stream, peers[2]!.stream)
            if (!isEarly) await second.synced
            play(kind, peers, after)
            await eventually(() => {
              expectEqual(peers)
            })
            await first.cut()
            await second.cut()
          }),
          { numRuns: overWire(20) },
        )
      })

      test.each(pairs)('end when synced without tail: %s', async (_, make) => {
        const peers = make()
        play(kind, peers, [
          { at: 0, key: 'a', value: 0 },
          { at: 1, key: 'b', value: 1 },
        ])
        const untailed = (peer: Peer) => () => peer.stream({ tail: false })
        const { left, right } = await connect(untailed(peers[0]), untailed(peers[1]))
        await eventually(() => {
          expect([left.closed, right.closed]).toEqual([true, true])
        })
        expectEqual(peers)
      })

      test.each(pairs)('carry updates one way from a read stream to a write stream: %s', async (_, make) => {
        const [from, to] = make()
        from.write('a', kind.values[0])
        to.write('b', kind.values[1])
        const { cut } = await connect(from.readStream, to.writeStream)
        await eventually(() => {
          expect(JSON.stringify(to.read())).toContain('"a"')
        })
        from.write('live', kind.values[2])
        await eventually(() => {
          expect(JSON.stringify(to.read())).toContain('"live"')
        })
        expect(JSON.stringify(from.read())).not.toContain('"b"')
        await cut()
      })

      // 5.5.20 has no such options
      test.each(family.version === '5.5.20' ? pairs.slice(2) : pairs)(
        'send only what is missing with clock and sendClock: %s',
        async (_, make) => {
          const [from, to] = make()
          from.write('a', kind.values[0])
          const first = await connect(from.stream, to.stream)
          await eventually(() => {
            expectEqual([from, to])
          })
          // before the original's SYNC ours is not sure of what came
          await first.synced
          await first.cut()
          from.write('b', kind.values[1])
          let sent = ''
          const reading = () => from.readStream({ clock: true }).on('data', (chunk) => (sent += String(chunk)))
          const second = await connect(reading, () => to.writeStream({ sendClock: true }))
          await eventually(() => {
            expectEqual([from, to])
            expect(sent).toContain('"SYNC"')
          })
          expect(sent.split('\n').filter((line) => line.startsWith('['))).toHaveLength(1)
          await second.cut()
        },
      )

      test('B11: send no data from a write-only side of ours, whatever the original asks', async () => {
        const [ours, theirs] = [kind.ours('ours'), kind.theirs('theirs')]
        ours.write('secret', kind.values[0])
        theirs.write('public', kind.values[0])
        const { cut } = await connect(() => ours.writeStream({ sendClock: true }), theirs.stream)
        await eventually(() => {
          expect(JSON.stringify(ours.read())).toContain('"public"')
        })
        await pause(10)
        expect(JSON.stringify(theirs.read())).not.toContain('"secret"')
        await cut()
      })

      test.each(pairs)('load a file that the other saved: %s', async (_, make) => {
        const [from, to] = make()
        for (let i = 0; i < 100; i++) from.write(`k${String(i % 50)}`, kind.values[i % kind.values.length])
        const folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-'))
        const file = path.join(folder, 'saved')
        try {
          await pipeline(from.readStream({ tail: false }), writeFileStream(file))
          const bytes = await readFile(file)
          const lines = bytes.toString().trimEnd().split('\n')
          // ours says first which data type it is, in a string that the original ignores
          expect(lines.findIndex((line) => line.startsWith('{'))).toBe(from.id === 'theirs' ? 0 : 1)
          const header = lines.find((line) => line.startsWith('{'))
          expect(JSON.parse(header!)).toMatchObject({ id: from.id })
          expect(lines.at(-1)).toBe('"SYNC"')
          const loading = to.writeStream()
          // the original garbles a character that a chunk cuts: N1 in FAULTS.md
          const size = to.id === 'theirs' ? bytes.length : 7
          Readable.from(piecesOf(bytes, size)).pipe(loading)
          await eventually(() => {
            expectEqual([from, to])
          })
        } finally {
          await rm(folder, { recursive: true })
        }
      })
    },
  )
}
