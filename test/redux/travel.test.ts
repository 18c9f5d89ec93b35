/** Time travel through the protocol of the Redux DevTools, with writes and peers in between. */
import { ActionCreators } from '@redux-devtools/instrument'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  AppendOnly,
  Doc,
  ExpiryModel,
  Model,
  RArray,
  Scuttlebucket,
  Text,
  scuttlebutt,
  unwrap,
  type Command,
  type DataType,
  type Scuttlebutt,
  type Update,
} from '../../src/index.js'
import { createUndo } from '../../src/adapters/undo.js'
import { inNetworks } from '../runs.js'
import { createStore, inRedux, json, NOW, talk } from './slices.js'

/** Numbers pick among what there is, whatever that is by then. */
type Step<C> =
  | { readonly do: 'write' | 'write two' | 'peer writes'; readonly command: C; readonly later: number }
  | {
      readonly do:
        | 'write an action'
        | 'reissue'
        | 'talk'
        | 'overhear'
        | 'push'
        | 'jump'
        | 'jump to action'
        | 'skip'
        | 'reorder'
        | 'sweep'
        | 'commit'
        | 'rollback'
        | 'reset'
        | 'export'
        | 'import'
        | 'import JSON'
        | 'import actions'
        | 'lock'
        | 'pause'
        | 'reload'
      readonly pick: number
    }

const KINDS = [
  ...(['jump', 'jump', 'jump', 'jump to action', 'skip', 'skip', 'reorder', 'sweep', 'commit', 'rollback'] as const),
  ...(['reset', 'export', 'import', 'import JSON', 'import actions', 'lock', 'pause', 'reload'] as const),
  ...(['talk', 'talk', 'talk', 'overhear', 'push', 'write an action', 'reissue'] as const),
]

const steps = <C>(command: fc.Arbitrary<C>): fc.Arbitrary<ReadonlyArray<Step<C>>> =>
  fc.array(
    fc.oneof(
      fc.record({
        do: fc.constantFrom('write' as const, 'write' as const, 'write two' as const, 'peer writes' as const),
        command,
        later: fc.constantFrom(0, 0, 1),
      }),
      fc.record({ do: fc.constantFrom(...KINDS), pick: fc.nat(20) }),
    ),
    { maxLength: 30 },
  )

/** A store in Redux under DevTools, its peer, and all that anybody was told is written. */
const play = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  all: ReadonlyArray<Step<Command<S, C, unknown>>>,
  canReissue: boolean,
) => {
  let time = NOW
  const now = (): number => time
  const { doc, redux, store, liftedStore, reducer } = inRedux(scuttlebutt, 'alice', { now })
  const bob = createStore(scuttlebutt, 'bob', { now })
  const cleo = createStore(scuttlebutt, 'cleo', { now })
  const written: Update<C>[] = []
  const told: Update<C>[] = []
  store.subscribe((updates) => {
    told.push(...updates)
  })
  let saved = liftedStore.getState()
  let sent = store.present.getReplica()
  const switches = { isLocked: false, isPaused: false }
  let reissues = 0
  const devTools = (action: unknown): void => {
    liftedStore.dispatch(action as never)
  }
  const staged = (pick: number): number => {
    const { stagedActionIds } = liftedStore.getState()
    return stagedActionIds[pick % stagedActionIds.length]!
  }
  const actions = (): ReadonlyArray<unknown> => {
    const { stagedActionIds, actionsById } = liftedStore.getState()
    return stagedActionIds.slice(1).map((id) => actionsById[id]!.action)
  }
  const run: Readonly<Record<Exclude<Step<C>['do'], 'write' | 'write two' | 'peer writes'>, (pick: number) => void>> = {
    'write an action': () => redux.dispatch({ type: 'other/happened' }),
    reissue: () => {
      if (!canReissue) return
      const { id } = store.present.getReplica()
      const made = store.reissue(`alice ${String(reissues++)}`)
      // it stamps anew what lies ahead of the wall clock; a peer that was told keeps the old one
      const isKnown = ([, timestamp, source]: Update<C>): boolean =>
        source !== id ||
        timestamp <= now() ||
        [bob, cleo].some((one) => (scuttlebutt.digest(one.getReplica()).clock[id] ?? 0) >= timestamp)
      const known = written.filter(isKnown)
      written.splice(0, written.length, ...known, ...made)
    },
    talk: () => {
      talk(store, bob)
    },
    overhear: () => {
      const message = bob.reconcile(scuttlebutt.open(cleo.getReplica()))
      if (message._tag === 'Some') store.reconcile(message.value)
    },
    push: () => {
      // a past version would tell what a reissue took back
      const newest = store.present.getReplica()
      bob.reconcile(scuttlebutt.push(sent)(newest))
      sent = newest
    },
    jump: (pick) => {
      devTools(ActionCreators.jumpToState(pick % liftedStore.getState().computedStates.length))
    },
    'jump to action': (pick) => {
      devTools(ActionCreators.jumpToAction(staged(pick)))
    },
    skip: (pick) => {
      if (staged(pick) !== 0) devTools(ActionCreators.toggleAction(staged(pick)))
    },
    reorder: (pick) => {
      devTools(ActionCreators.reorderAction(staged(pick), staged(pick * 7 + 3)))
    },
    sweep: () => {
      devTools(ActionCreators.sweep())
    },
    commit: () => {
      devTools(ActionCreators.commit())
    },
    rollback: () => {
      devTools(ActionCreators.rollback())
    },
    reset: () => {
      devTools(ActionCreators.reset())
    },
    export: () => {
      saved = liftedStore.getState()
    },
    import: () => {
      devTools(ActionCreators.importState(saved))
    },
    'import JSON': () => {
      devTools(ActionCreators.importState(json(saved), true))
    },
    'import actions': () => {
      devTools(ActionCreators.importState(json(actions()) as never))
    },
    lock: () => {
      switches.isLocked = !switches.isLocked
      devTools(ActionCreators.lockChanges(switches.isLocked))
    },
    pause: () => {
      switches.isPaused = !switches.isPaused
      devTools(ActionCreators.pauseRecording(switches.isPaused))
    },
    reload: () => {
      redux.replaceReducer((state, action) => ({
        doc: reducer.doc(state?.doc, action),
        count: reducer.count(state?.count),
      }))
    },
  }
  for (const step of all) {
    if ('command' in step) {
      time += step.later
      if (step.do === 'write two') {
        const made = store.changeAll([step.command, step.command])
        if (made._tag === 'Right') written.push(...made.right)
        continue
      }
      const made = step.do === 'write' ? redux.dispatch(doc.change(step.command)) : bob.change(step.command)
      if (made._tag === 'Right') written.push(made.right)
    } else run[step.do](step.pick)
  }
  if (switches.isLocked) devTools(ActionCreators.lockChanges(false))
  if (switches.isPaused) devTools(ActionCreators.pauseRecording(false))
  return { redux, store, liftedStore, bob, cleo, written, told, devTools, hasReissued: reissues > 0 }
}

interface Subject<S, C> {
  readonly dataType: DataType<S, C>
  readonly command: fc.Arbitrary<Command<S, C, unknown>>
  /** False if an old stroke stands beside the one that takes its place: see `reissue`. */
  readonly canReissue?: false
  /** Always possible. */
  readonly extra: Command<S, C, unknown>
  /** Default: the JSON of the data type. */
  readonly show?: (state: S) => unknown
}

const subject = <S, C>(one: Subject<S, C>): Subject<never, never> => one as unknown as Subject<never, never>

const { at } = Scuttlebucket

const subjects = [
  subject({
    dataType: Model.of(t.number),
    command: fc.oneof(
      fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.nat(9)).map(([key, value]) => Model.set(key, value)),
      fc.constantFrom('x', 'y').map((key) => Model.remove(key)),
    ),
    extra: Model.set('z', 10),
  }),
  subject({
    dataType: RArray.of(t.string),
    command: fc.oneof(
      fc.constantFrom('a', 'b').map((item) => RArray.push(item)),
      fc.constant(RArray.remove(0)),
    ),
    extra: RArray.push('c'),
  }),
  subject({
    dataType: AppendOnly.of(t.string),
    command: fc.constantFrom('a', 'b').map((item) => AppendOnly.push(item)),
    extra: AppendOnly.push('c'),
  }),
  subject({
    dataType: Text,
    canReissue: false,
    command: fc.tuple(fc.nat(3), fc.constantFrom('a', 'bc')).map(([at, text]) => Text.splice(at, 0, text)),
    extra: Text.splice(0, 0, 'd'),
  }),
  subject({
    dataType: Doc.of(t.string),
    command: fc.oneof(
      fc
        .tuple(fc.constantFrom('r', 's'), fc.constantFrom('x', 'y'), fc.constantFrom('a', 'b'))
        .map(([row, field, value]) => Doc.set(row, { [field]: value })),
      fc.constantFrom('r', 's').map((row) => Doc.remove(row)),
    ),
    extra: Doc.set('r', { z: 'c' }),
  }),
  subject({
    dataType: ExpiryModel.of(t.unknown, { maxAge: Infinity }),
    command: fc.oneof(
      fc
        .tuple(fc.constantFrom('k', 'l'), fc.constantFrom('x', 'y'), fc.nat(9))
        .map(([key, field, value]) => ExpiryModel.set(key, { [field]: value })),
      fc.constantFrom('k', 'l').map((key) => ExpiryModel.remove(key)),
    ),
    extra: ExpiryModel.set('k', { z: 10 }),
    show: ExpiryModel.toJSON(0),
  }),
  subject({
    dataType: Scuttlebucket.of({ settings: Model.of(t.number), notes: Text }),
    canReissue: false,
    command: fc.oneof(
      fc.tuple(fc.constantFrom('x', 'y'), fc.nat(9)).map(([key, value]) => at('settings')(Model.set(key, value))),
      fc.constantFrom('a', 'bc').map((text) => at('notes')(Text.splice(0, 0, text))),
    ),
    extra: at('notes')(Text.splice(0, 0, 'd')),
  }),
]

describe.each(subjects)(
  'Time travel in a slice of $dataType.name',
  ({ dataType, command, extra, canReissue = true, ...more }) => {
    const sb = scuttlebutt(dataType)
    const { applyUpdates, create } = sb
    const show = more.show ?? dataType.toJSON!

    test('loses nothing, gives no stamp twice, and leaves peers equal', () => {
      fc.assert(
        fc.property(steps(command), (all) => {
          const played = play(sb, all, canReissue)
          const { redux, store, liftedStore, bob, cleo, written, told: heard, devTools } = played
          const stamps = written.map(([, timestamp, source]) => `${String(timestamp)} ${source}`)
          expect(stamps).toEqual([...new Set(stamps)])
          talk(store, bob)
          talk(bob, cleo)
          talk(store, bob)
          const eve = createStore(sb, 'eve')
          talk(store, eve)
          // what a reissue took back, a peer may hold in doubt: the newest version counts
          const oracle = played.hasReissued
            ? store.present.getReplica()
            : applyUpdates([...written].sort(([, a], [, b]) => a - b))(create('oracle'))
          for (const one of [bob, cleo, eve]) expect(show(one.getReplica().state)).toEqual(show(oracle.state))
          // the next write shows all there is
          devTools(ActionCreators.jumpToState(liftedStore.getState().computedStates.length - 1))
          const last = store.change(extra)
          written.push(unwrap(last))
          const after = applyUpdates([unwrap(last)])(oracle)
          expect(show(redux.getState().doc.state)).toEqual(show(after.state))
          expect(store.isPast()).toBe(false)
          const told = written.filter(([, , source]) => source === 'alice')
          expect(told.filter((update) => heard.includes(update))).toEqual(told)
        }),
        { numRuns: inNetworks(100) },
      )
    })
  },
)

test('undo amid time travel takes back the newest step, and forgets none', () => {
  let time = NOW
  const now = (): number => (time += 1000)
  const { store, liftedStore } = inRedux(scuttlebutt(Model.of(t.number)), 'alice', { now })
  const { undo, redo, canUndo, canRedo } = createUndo(store, { now })
  const newest = () => Model.toJSON(store.present.getReplica().state)
  store.change(Model.set('x', 1))
  store.change(Model.set('y', 2))
  liftedStore.dispatch(ActionCreators.jumpToState(1) as never)
  expect(store.isPast()).toBe(true)
  undo()
  expect([newest(), canUndo(), canRedo()]).toEqual([{ x: 1 }, true, true])
  // the action that wrote x
  liftedStore.dispatch(ActionCreators.toggleAction(liftedStore.getState().stagedActionIds[1]!) as never)
  redo()
  expect(newest()).toEqual({ x: 1, y: 2 })
  undo()
  undo()
  expect([newest(), canUndo()]).toEqual([{}, false])
  // a change of one's own in the past is a step
  store.change(Model.set('z', 3))
  undo()
  expect(newest()).toEqual({})
  redo()
  expect(newest()).toEqual({ z: 3 })
})

test('An action claims nothing where another one was skipped that brought what it found in doubt', () => {
  const sb = scuttlebutt(Model.of(t.number))
  const bob = createStore(sb, 'bob')
  const versions = ['x', 'y', 'z'].map((key, i) => {
    unwrap(bob.change(Model.set(key, i)))
    return bob.getReplica()
  })
  const { store, liftedStore, redux } = inRedux(sb, 'ann')
  // the push of x was lost, so y and z are in doubt
  for (const i of [1, 2]) {
    const pushed = sb.push(versions[i - 1]!)(versions[i]!)
    store.reconcile(unwrap(sb.decodeMessage()(json(sb.encodeMessage(pushed)))))
  }
  talk(store, bob)
  expect(sb.isSynced(sb.digest(store.present.getReplica()), sb.digest(bob.getReplica()))).toBe(true)
  liftedStore.dispatch(ActionCreators.toggleAction(1))
  const shown = redux.getState().doc
  expect(Model.toJSON(shown.state)).toEqual({ x: 0, z: 2 })
  expect(sb.isSynced(sb.digest(shown), sb.digest(bob.getReplica()))).toBe(false)
  // what is shown was saved, and is loaded again
  const again = inRedux(sb, 'ann', { replica: json(shown) })
  talk(again.store, bob)
  expect(Model.toJSON(again.store.getReplica().state)).toEqual({ x: 0, y: 1, z: 2 })
})

test('An action of a reissue brings what cannot be read too, wherever it is played again', () => {
  const sb = scuttlebutt(Model.of(t.number))
  const unreadable = { digest: { id: 'ann', clock: {} }, updates: [], unread: [[['x', 'text'], 9000, 'ann']] }
  const [replica] = sb.reconcile(unwrap(sb.decodeMessage()(unreadable)))(sb.create('ann'))
  const { store, liftedStore, redux } = inRedux(sb, 'ann', { replica, now: () => 1000 })
  expect(store.reissue('ann-2')).toEqual([])
  expect(store.unread()).toEqual([[['x', 'text'], 1000, 'ann-2']])
  const actions = Object.values(liftedStore.getState().actionsById).map(({ action }) => json(action))
  const { doc } = inRedux(sb, 'ann', { replica: json(replica), now: () => 1000 })
  const again = actions.reduce((state, action) => doc.reducer(state, action), json(replica))
  expect(sb.unread(again)).toEqual(sb.unread(redux.getState().doc))
})
