/** A type whose replicas differ by ties. */
import fc from 'fast-check'
import * as t from 'io-ts'
import type { DataType } from '../../src/index.js'

export interface Register {
  readonly value: number
  readonly timestamp: number
}

/** A register in which the last to arrive wins a tie, and which names nothing as superseded. */
export const register: DataType<Register, number> = {
  name: 'register',
  change: t.number,
  empty: { value: 0, timestamp: 0 },
  apply: (updates) => (state) => ({
    state: updates.reduce(
      (held, [value, timestamp]) => (timestamp >= held.timestamp ? { value, timestamp } : held),
      state,
    ),
    superseded: [],
  }),
}

export const ofRegister = { change: fc.nat(3), toJSON: ({ value }: Register) => value }
