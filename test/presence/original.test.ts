/** Npm scuttlebutt ignores presence, in both of its versions. */
import { describe, expect, test } from 'vitest'
import { createPresence } from '../../src/adapters/presence.js'
import { kindsOf } from '../original/kinds.js'
import { familyOf } from '../original/original.js'
import { connect, eventually } from '../original/tcp.js'

describe.each(['5.6.15', '5.5.20'] as const)('scuttlebutt %s', (version) => {
  test.each(kindsOf(familyOf(version)).map((kind) => [kind.name, kind] as const))(
    'syncs %s with ours as if no presence were told',
    async (_, kind) => {
      const [ours, theirs] = [kind.ours('ours'), kind.theirs('theirs')]
      const presence = createPresence({ id: 'tab', timeout: 40 })
      presence.set({ at: 1 })
      const [value] = kind.values
      ours.write('a', value)
      const told: string[] = []
      const wire = await connect(
        () => ours.stream({ presence }).on('data', (text: Buffer | string) => told.push(String(text))),
        theirs.stream,
      )
      await wire.synced
      presence.set({ at: 2 })
      theirs.write('b', value)
      ours.write('c', value)
      await eventually(() => {
        expect(told.join('')).toContain('PRESENCE [\\"tab\\"')
        expect(theirs.history().map(([, , source]) => source)).toContain('ours')
        expect(ours.history().map(([, , source]) => source)).toContain('theirs')
        expect(theirs.read()).toEqual(ours.read())
      })
      // heartbeats
      const before = told.length
      await eventually(() => {
        expect(told.length).toBeGreaterThan(before + 2)
      })
      ours.write('b', kind.values[1])
      await eventually(() => {
        expect(theirs.read()).toEqual(ours.read())
      })
      expect(presence.peers().size).toBe(0)
      await wire.cut()
      presence.close()
    },
  )
})
