/** The actions of a slice: plain JSON, small, and enough to make the replica anew. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { legacy_createStore as createRedux, combineReducers, type UnknownAction } from 'redux'
import { describe, expect, test } from 'vitest'
import { ExpiryModel, scuttlebutt, unwrap, type Replica, type Scuttlebutt } from '../../src/index.js'
import { replicaSlice } from '../../src/adapters/redux.js'
import { inNetworks } from '../runs.js'
import { createStore, json, NOW, sent, talk } from './slices.js'

/** Plain Redux, with a record of its actions. */
const recorded = <S, C>(sb: Scuttlebutt<S, C>, now: () => number = () => NOW) => {
  const slice = replicaSlice(sb, 'alice', { name: 'doc' })
  const actions: UnknownAction[] = []
  const record = (_: undefined | null, action: UnknownAction): null => {
    if (action.type.startsWith('doc/')) actions.push(action)
    return null
  }
  const redux = createRedux(combineReducers({ doc: slice.reducer, record }))
  return { redux, store: slice.bind(redux, { now }), actions }
}

/** What the pure reducer of another slice makes of the actions. */
const replayed = <S, C>(sb: Scuttlebutt<S, C>, actions: ReadonlyArray<UnknownAction>): Replica<S, C> => {
  const { reducer } = replicaSlice(sb, 'alice', { name: 'doc' })
  return json(actions).reduce(reducer, reducer(undefined, { type: 'start' }))
}

const contents = <S, C>(sb: Scuttlebutt<S, C>, replica: Replica<S, C>) => ({
  digest: sb.digest(replica),
  history: sb.history()(replica),
  unread: sb.unread(replica),
  state: json(sb.dataType.toJSON?.(replica.state) ?? replica.state),
})

const newer = scuttlebutt(ExpiryModel.of(t.union([t.number, t.string]), { maxAge: 1000 }))
const older = scuttlebutt(ExpiryModel.of(t.number, { maxAge: 1000 }))

type Name = 'write' | 'write all' | 'peer writes' | 'talk' | 'overhear' | 'apply' | 'fork' | 'settle' | 'prune' | 'reissue' | 'wait' // prettier-ignore

describe('The actions of a slice', () => {
  test('make the replica anew, from JSON, by the pure reducer', () => {
    const step = fc.tuple(
      fc.constantFrom<Name[]>('write', 'write', 'write all', 'peer writes', 'peer writes', 'talk', 'talk', 'overhear', 'apply', 'fork', 'settle', 'prune', 'reissue', 'wait'), // prettier-ignore
      fc.constantFrom('x', 'y', '__proto__'),
      fc.oneof(fc.nat(9), fc.constant('new')),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let time = NOW
        const now = (): number => time
        const { redux, store, actions } = recorded(older, now)
        const [bob, cleo] = [createStore(newer, 'bob', { now }), createStore(newer, 'cleo', { now })]
        let ids = 0
        for (const [name, key, value] of steps) {
          const own = ExpiryModel.set(key, typeof value === 'number' ? value : 0)
          const run: Readonly<Record<Name, () => unknown>> = {
            write: () => unwrap(store.change(own)),
            'write all': () => unwrap(store.changeAll([own, ExpiryModel.remove(key)])),
            'peer writes': () => unwrap(bob.change(ExpiryModel.set(key, value))),
            talk: () => {
              talk(store, bob)
              talk(bob, cleo)
            },
            overhear: () => {
              const message = bob.reconcile(newer.open(cleo.getReplica()))
              if (message._tag === 'Some') store.reconcile(sent(newer, message.value, older))
            },
            apply: () => {
              store.apply([[own, time - 1, 'dan']])
            },
            fork: () => {
              store.reconcile({ digest: { id: 'eve', clock: {} }, updates: [[own, NOW, 'eve']] })
            },
            settle: () => {
              store.settle()
            },
            prune: () => {
              store.prune()
            },
            reissue: () => store.reissue(`alice-${String(ids++)}`),
            wait: () => (time += 600),
          }
          run[name]()
        }
        const shown = redux.getState().doc
        expect(store.isPast()).toBe(false)
        expect(contents(older, replayed(older, actions))).toEqual(contents(older, shown))
      }),
      { numRuns: inNetworks(300) },
    )
  })
})
