import { createSlice, type PayloadAction } from '@reduxjs/toolkit'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Replay, scuttlebutt, type Update } from '../../src/index.js'
import { inMemory } from '../runs.js'

const NOW = 1_795_418_741_399

/** A reducer that returns the list of actions and counts its calls. */
const traced = () => {
  let calls = 0
  const type = Replay.of(
    (state: ReadonlyArray<string>, action: string) => {
      calls++
      return [...state, action]
    },
    [],
    t.string,
  )
  return {
    ...scuttlebutt(type),
    callsOf: (work: () => void): number => {
      calls = 0
      work()
      return calls
    },
  }
}

describe('A replayed reducer', () => {
  test('reduces in total order, at a cost in proportion to the actions after a late one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.nat(), { maxLength: 10 }), (n, late) => {
        const { create, applyUpdate, applyUpdates, callsOf } = traced()
        const early: Update<string>[] = Array.from({ length: n }, (_, i) => [String(i), NOW + i, 'a'])
        let replica = applyUpdates(early)(create('z'))
        const all = [...early]
        late.forEach((after, i) => {
          const update: Update<string> = [`late ${String(i)}`, NOW + (after % (n + 1)) - 0.5, `b${String(i)}`]
          all.push(update)
          const behind = all.filter(([, timestamp]) => timestamp >= update[1]).length
          const calls = callsOf(() => (replica = applyUpdate(update)(replica)))
          expect(calls).toBeLessThanOrEqual(4 * behind)
          const order = [...all].sort(([, s, a], [, t, b]) => s - t || (a < b ? -1 : 1)).map(([action]) => action)
          expect(Replay.state(replica.state)).toEqual(order)
          expect(Replay.actions(replica.state)).toEqual(order)
          expect(replica.state.checkpoints.length).toBeLessThanOrEqual(2 * Math.log2(2 * all.length) + 1)
        })
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('reduces each action once if the actions arrive in order', () => {
    const { create, applyUpdate, applyUpdates, callsOf } = traced()
    const updates: Update<string>[] = Array.from({ length: 1000 }, (_, i) => ['x', NOW + i, 'a'])
    expect(callsOf(() => applyUpdates(updates)(create('z')))).toBe(1000)
    expect(callsOf(() => updates.reduce((replica, update) => applyUpdate(update)(replica), create('z')))).toBe(1000)
  })

  test('can be a slice of Redux Toolkit', () => {
    const initialState: { readonly todos: Readonly<Record<string, boolean>>; readonly count: number } = {
      todos: {},
      count: 0,
    }
    const slice = createSlice({
      name: 'todos',
      initialState,
      reducers: {
        added: (state, { payload }: PayloadAction<string>) => {
          state.todos[payload] = false
          state.count++
        },
        toggled: (state, { payload }: PayloadAction<string>) => {
          if (state.todos[payload] === undefined) throw new Error('no such todo')
          state.todos[payload] = !state.todos[payload]
        },
      },
    })
    const action = t.type({ type: t.string, payload: t.string })
    const { create, change, applyUpdates, history } = scuttlebutt(
      Replay.of(slice.reducer, slice.getInitialState(), action),
    )
    const { added, toggled } = slice.actions
    const done = (made: t.TypeOf<typeof action>, now: number, replica: ReturnType<typeof create>) => {
      const changed = change(Replay.dispatch(made), now)(replica)
      if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
      return changed.right[1]
    }
    const ann = done(added('milk'), NOW, create('ann'))
    const early = done(toggled('milk'), NOW + 1, create('ben')) // ben has not received it yet
    expect(Replay.toJSON(early.state)).toEqual({ todos: {}, count: 0 })
    const ben = done(added('bread'), NOW + 2, early)
    const both = applyUpdates(history()(ann))(ben)
    expect(Replay.state(both.state)).toEqual({ todos: { milk: true, bread: false }, count: 2 })
    expect(Replay.state(applyUpdates(history()(ben))(ann).state)).toEqual(Replay.state(both.state))
    expect(change({ type: 1 } as never, NOW)(both)).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
  })

  test('freezes each version, so that nobody can change it', () => {
    const tags = t.array(t.string)
    const { create, applyUpdate } = scuttlebutt(
      Replay.of(
        (state: { readonly tags: string[] }, more: string[]) => ({ tags: [...state.tags, ...more] }),
        { tags: [] },
        tags,
      ),
    )
    const empty = create('a')
    const one = applyUpdate([['x'], NOW, 'b'])(empty)
    expect(() => Replay.state(one.state).tags.push('y')).toThrow(TypeError)
    expect(() => Replay.state(empty.state).tags.push('y')).toThrow(TypeError)
    expect([Replay.state(empty.state), Replay.state(one.state)]).toEqual([{ tags: [] }, { tags: ['x'] }])
  })

  test('keeps the state if a reducer tries to change it in place', () => {
    const careless = Replay.of(
      (state: string[], action: string) => {
        state.push(action)
        return state
      },
      [],
      t.string,
    )
    const { create, applyUpdate } = scuttlebutt(careless)
    const { state } = applyUpdate(['x', NOW, 'b'])(create('a'))
    expect(Replay.state(state)).toEqual([])
    expect(Replay.failures(state)).toMatchObject([{ update: ['x', NOW, 'b'] }])
    expect(Replay.failures(state)[0]?.message).toMatch(/extensible/)
  })

  /** Adds a number; throws if the sum would be odd. What is thrown is not always an Error. */
  const even = (sum: number, n: number): number => {
    if ((sum + n) % 2 === 0) return sum + n
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- reducers are not ours
    throw n < 0 ? `odd ${String(n)}` : new Error(`odd ${String(n)}`)
  }

  test('tells on which updates the reducer threw, in any order of arrival', () => {
    const { create, applyUpdate, applyUpdates } = scuttlebutt(Replay.of(even, 0, t.number))
    const update = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(9))
    fc.assert(
      fc.property(fc.array(update, { maxLength: 12 }), fc.func(fc.nat(99)), (drawn, luck) => {
        const updates = drawn.map(([n, at], i): Update<number> => [n, NOW + at, `s${String(i)}`])
        const sorted = [...updates].sort(([, s, a], [, t, b]) => s - t || (a < b ? -1 : 1))
        let sum = 0
        const failed = sorted.flatMap((one) => {
          if ((sum + one[0]) % 2 !== 0) return [{ update: one, message: `odd ${String(one[0])}` }]
          sum += one[0]
          return []
        })
        const shuffled = [...updates].sort((a, b) => luck(a[2]) - luck(b[2]))
        for (const order of [updates, shuffled]) {
          const oneByOne = order.reduce((replica, one) => applyUpdate(one)(replica), create('z'))
          for (const { state } of [oneByOne, applyUpdates(order)(create('z'))]) {
            expect(Replay.failures(state)).toEqual(failed)
            expect(Replay.state(state)).toBe(sum)
          }
        }
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('refuses to dispatch an action on which the reducer throws, if it is strict', () => {
    const strict = Replay.of(even, 0, t.number, { strict: true })
    const { create, change } = scuttlebutt(strict)
    const two = change(strict.dispatch(2), NOW)(create('a'))
    expect(two).toMatchObject({ right: [[2, NOW, 'a'], {}] })
    const refused = change(strict.dispatch(3), NOW)(create('a'))
    expect(refused).toEqual({ _tag: 'Left', left: { _tag: 'ReducerThrew', action: 3, message: 'odd 3' } })
    const lax = Replay.of(even, 0, t.number)
    expect(change(lax.dispatch(3), NOW)(create('a'))).toMatchObject({ right: [[3, NOW, 'a'], {}] })
  })
})
