import { either as E, option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Doc, scuttlebutt, type Command, type Replica, type Update } from '../../src/index.js'
import { inMemory } from '../runs.js'

const { create, change, applyUpdate, applyUpdates, decode, history } = scuttlebutt(Doc.of(t.unknown))

type State = Doc.State<unknown>
type Change = Doc.Change<unknown>
type Rows = Replica<State, Change>
type Of = Update<Change>

const NOW = 1_795_418_741_399

const done = (command: Command<State, Change, unknown>, doc: Rows, now = NOW): Rows => {
  const changed = change(command, now)(doc)
  if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
  return changed.right[1]
}

const todo = Doc.seq('list', 'todo')

const idsOf = (rows: ReadonlyArray<Doc.Row<unknown>>): ReadonlyArray<string> => rows.map(({ id }) => id)

const everyOrder = (updates: ReadonlyArray<Of>): ReadonlyArray<ReadonlyArray<Of>> =>
  updates.length < 2
    ? [updates]
    : updates.flatMap((first, i) => everyOrder(updates.filter((_, j) => j !== i)).map((rest) => [first, ...rest]))

describe('Rows', () => {
  test('exist or not by the newest stamp, in any order of arrival', () => {
    const made: Of = [['r', { a: 1, b: 1 }], NOW, 'ann']
    const gone: Of = [['r', null], NOW + 2, 'ben']
    const before: Of = [['r', { a: 2 }], NOW + 1, 'cy']
    const after: Of = [['r', { b: 3 }], NOW + 3, 'dan']
    for (const order of everyOrder([made, before, gone])) {
      const replica = applyUpdates(order)(create('z'))
      expect(Doc.toJSON(replica.state)).toEqual({})
      expect(history()(replica)).toEqual([gone])
    }
    for (const order of everyOrder([made, before, gone, after])) {
      const replica = applyUpdates(order)(create('z'))
      expect(Doc.toJSON(replica.state)).toEqual({ r: { b: 3 } })
      expect(history()(replica)).toEqual([gone, after])
    }
  })

  test('exist again after a later write, even without fields', () => {
    const one = done(Doc.set('r', { a: 1 }), create('ann'))
    const two = done(Doc.remove('r'), one)
    expect([Doc.has('r')(two.state), Doc.row('r')(two.state), Doc.size(two.state)]).toEqual([false, O.none, 0])
    const three = done(Doc.set('r', {}), two)
    expect([Doc.has('r')(three.state), Doc.row('r')(three.state)]).toEqual([true, O.some({})])
    expect(Doc.row('r')(one.state)).toEqual(O.some({ a: 1 }))
    expect(history()(three)).toHaveLength(2)
  })

  test('keep an update while it wins a field or is the newest', () => {
    let doc = applyUpdate([['r', { a: 1, b: 1 }], NOW, 'ann'])(create('z'))
    doc = applyUpdates([
      [['r', { a: 2 }], NOW + 1, 'ben'],
      [['r', {}], NOW + 2, 'cy'],
    ])(doc)
    expect(history()(doc)).toHaveLength(3)
    doc = applyUpdate([['r', { b: 2 }], NOW + 3, 'dan'])(doc)
    expect(history()(doc).map(([, , source]) => source)).toEqual(['ben', 'dan'])
    const same = applyUpdate([['r', { b: 0 }], NOW - 1, 'eve'])(doc)
    expect(same.state).toBe(doc.state)
  })

  test('take their id from the field `id`, or from the stamp', () => {
    const [update, doc] = (change(Doc.add({ id: 'r', a: 1 }), NOW)(create('ann')) as E.Right<[Of, Rows]>).right
    expect(update[0]).toEqual(['r', { id: 'r', a: 1 }])
    const ids = [0, 1].map((now) => {
      const changed = change(Doc.add({ a: 1 }), NOW + now)(doc)
      return (changed as E.Right<[Of, Rows]>).right[0][0][0]
    })
    expect(new Set([...ids, 'r']).size).toBe(3)
  })

  test('refuse a command with the values that caused it', () => {
    const doc = create('ann')
    expect(change(Doc.remove('r'), NOW)(doc)).toEqual(E.left({ _tag: 'UnknownRow', row: 'r' }))
    expect(change(Doc.set('r', { id: 's' }), NOW)(doc)).toEqual(E.left({ _tag: 'IdChanged', row: 'r', id: 's' }))
    expect(change(Doc.set('r', { id: 'r' }), NOW)(doc)).toMatchObject({ _tag: 'Right' })
    const unknown = E.left({ _tag: 'UnknownRow', row: 'r' })
    for (const command of [
      todo.push('r'),
      todo.before({ a: 1 }, 'r'),
      todo.after('r', 'r'),
      todo.remove('r'),
      Doc.set('done', true).add('r'),
      Doc.set('done', true).remove('r'),
    ]) {
      expect(change(command, NOW)(doc)).toEqual(unknown)
    }
    expect(change(Doc.add({ id: 5 }), NOW)(doc)).toEqual(E.left({ _tag: 'InvalidId', id: 5 }))
    expect(change(todo.push({ id: null }), NOW)(doc)).toEqual(E.left({ _tag: 'InvalidId', id: null }))
    expect(change(Doc.where('done', true).add({ id: {} }), NOW)(doc)).toEqual(E.left({ _tag: 'InvalidId', id: {} }))
    const twins = applyUpdates([
      [['a', { list: 'todo', _sort: 'V' }], NOW, 'b'],
      [['b', { list: 'todo', _sort: 'V' }], NOW + 1, 'b'],
    ])(doc)
    expect(change(todo.after({ id: 'c' }, 'a'), NOW)(twins)).toEqual(
      E.left({ _tag: 'NoRoom', before: 'V', after: 'V' }),
    )
  })

  test('accept any names, and refuse a change that is not a row of fields', () => {
    const hostile = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'length', '']
    let doc = create('z')
    hostile.forEach((name, i) => {
      const change = JSON.parse(`[${JSON.stringify(name)}, {${JSON.stringify(name)}: "todo"}]`) as Change
      doc = applyUpdate([change, NOW + i, 'b'])(doc)
    })
    expect(JSON.stringify(Doc.toJSON(doc.state))).toBe(
      `{${[...hostile]
        .sort()
        .map((name) => `${JSON.stringify(name)}:{${JSON.stringify(name)}:"todo"}`)
        .join(',')}}`,
    )
    for (const name of hostile) {
      expect(idsOf(Doc.set(name, 'todo').rows(doc.state))).toEqual([name])
      expect(Doc.row(name)(doc.state)).toMatchObject({ _tag: 'Some' })
    }
    const numbers = scuttlebutt(Doc.of(t.number))
    for (const shape of [
      null,
      'r',
      [],
      ['r'],
      ['r', 1],
      ['r', []],
      ['r', { a: 'x' }],
      ['r', {}, 1],
      [1, {}],
      [null, {}],
    ]) {
      expect(numbers.decode()([shape, NOW, 'b'])).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
    }
    expect(decode()([['r', { a: undefined }], NOW, 'b'])).toMatchObject({ _tag: 'Right' })
    expect(numbers.decode()([['r', { a: null, b: 1 }], NOW, 'b'])).toMatchObject({ _tag: 'Right' })
  })
})

describe('Rows that stay removed', () => {
  const final = scuttlebutt(Doc.of(t.unknown, { removeWins: true }))
  const made: Of = [['r', { a: 1, b: 1 }], NOW, 'ann']
  const gone: Of = [['r', null], NOW + 2, 'ben']
  const before: Of = [['r', { a: 2 }], NOW + 1, 'cy']
  const after: Of = [['r', { b: 3 }], NOW + 3, 'dan']
  const again: Of = [['r', null], NOW + 4, 'eve']

  test('do not come back as a stump, in any order of arrival', () => {
    for (const order of everyOrder([made, gone, before, after, again])) {
      const replica = final.applyUpdates(order)(final.create('z'))
      expect(Doc.toJSON(replica.state)).toEqual({})
      expect(final.history()(replica)).toEqual([again])
      expect(order.reduce((one, update) => final.applyUpdate(update)(one), final.create('z')).state).toEqual(
        replica.state,
      )
    }
  })

  test('are another version of the type', () => {
    expect(Doc.of(t.unknown).version).toBeUndefined()
    expect(Doc.of(t.unknown, { removeWins: true }).version).toBe('remove wins')
    expect(Doc.of(t.unknown, { removeWins: true, version: '2' }).version).toBe('2, remove wins')
  })
})

describe('A set', () => {
  test('has just the rows with the value, after any updates', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd')
    const value = fc.constantFrom<Doc.Scalar[]>(true, false, 1, '1', 'true', 'x')
    const change = fc.tuple(
      name,
      fc.option(fc.dictionary(fc.constantFrom('f', 'g', '_sort'), fc.oneof(value, fc.constantFrom(null, {}))), {
        freq: 4,
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.nat(8)), { maxLength: 20 }), fc.nat(20), (changes, cut) => {
        const updates = changes.map(([made, at], i): Of => [made, NOW + at, `s${String(i)}`])
        let doc = applyUpdates(updates.slice(0, cut))(create('z'))
        for (const update of updates.slice(cut)) doc = applyUpdate(update)(doc)
        for (const field of ['f', 'g', '_sort']) {
          for (const wanted of [true, false, 1, '1', 'true', 'x']) {
            const view = Doc.set(field, wanted)
            const scanned = Doc.rows(doc.state).filter(({ fields }) => fields[field] === wanted)
            const sort = ({ id, fields: { _sort } }: Doc.Row<unknown>) => (typeof _sort === 'string' ? _sort : id)
            scanned.sort((x, y) => (sort(x) < sort(y) || (sort(x) === sort(y) && x.id < y.id) ? -1 : 1))
            expect(view.rows(doc.state)).toEqual(scanned)
            expect(view.length(doc.state)).toBe(scanned.length)
            for (const { id } of Doc.rows(doc.state)) {
              expect(view.has(id)(doc.state)).toBe(idsOf(scanned).includes(id))
            }
          }
        }
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('adds and removes rows', () => {
    const view = Doc.set('done', true)
    const one = done(view.add({ id: 'r', text: 'x' }), create('ann'))
    const two = done(view.add('s'), done(Doc.set('s', {}), one))
    expect(idsOf(view.rows(two.state))).toEqual(['r', 's'])
    const three = done(view.remove('r'), two)
    expect(idsOf(view.rows(three.state))).toEqual(['s'])
    expect(Doc.row('r')(three.state)).toEqual(O.some({ done: null, id: 'r', text: 'x' }))
    expect(idsOf(view.rows(two.state))).toEqual(['r', 's'])
  })
})

describe('A sequence', () => {
  interface Step {
    readonly verb: 'push' | 'unshift' | 'before' | 'after' | 'remove' | 'drop'
    readonly what: string
    readonly anchor: string
    readonly asFields: boolean
  }

  const step: fc.Arbitrary<Step> = fc.record({
    verb: fc.constantFrom('push', 'unshift', 'before', 'after', 'remove', 'drop'),
    what: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    anchor: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    asFields: fc.boolean(),
  })

  /** The list of ids after the step; undefined if the step fails. */
  const simulate = (list: ReadonlyArray<string>, exists: boolean, { verb, what, anchor, asFields }: Step) => {
    const rest = list.filter((id) => id !== what)
    if (verb === 'remove' || verb === 'drop') return (verb === 'drop' ? exists : list.includes(what)) ? rest : undefined
    if ((verb === 'before' || verb === 'after') && !list.includes(anchor)) return undefined
    if (!asFields && !exists) return undefined
    if (verb === 'push') return [...rest, what]
    if (verb === 'unshift') return [what, ...rest]
    if (what === anchor) return list
    const place = rest.indexOf(anchor) + (verb === 'after' ? 1 : 0)
    return [...rest.slice(0, place), what, ...rest.slice(place)]
  }

  const commandOf = ({ verb, what, anchor, asFields }: Step): Command<State, Change, unknown> => {
    const inserted = asFields ? { id: what } : what
    switch (verb) {
      case 'push':
        return todo.push(inserted)
      case 'unshift':
        return todo.unshift(inserted)
      case 'before':
        return todo.before(inserted, anchor)
      case 'after':
        return todo.after(inserted, anchor)
      case 'remove':
        return todo.remove(what)
      case 'drop':
        return Doc.remove(what)
    }
  }

  test('behaves like a plain list', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let doc = create('ann')
        let list: ReadonlyArray<string> = []
        for (const one of steps) {
          const expected = simulate(list, Doc.has(one.what)(doc.state), one)
          const changed = change(commandOf(one), NOW)(doc)
          expect(changed._tag).toBe(expected === undefined ? 'Left' : 'Right')
          if (changed._tag === 'Left' || expected === undefined) continue
          doc = changed.right[1]
          list = expected
          expect(idsOf(todo.rows(doc.state))).toEqual(list)
        }
        const idAt = (i: number) => O.fromNullable(list[i])
        const id = O.map(({ id }: Doc.Row<unknown>) => id)
        expect(todo.length(doc.state)).toBe(list.length)
        expect(id(todo.first(doc.state))).toEqual(idAt(0))
        expect(id(todo.last(doc.state))).toEqual(idAt(list.length - 1))
        for (let i = -1; i <= list.length; i++) expect(id(todo.at(i)(doc.state))).toEqual(idAt(i))
        for (const name of ['a', 'b', 'c', 'd', 'e']) {
          const i = list.indexOf(name)
          expect(todo.has(name)(doc.state)).toBe(i >= 0)
          expect(todo.indexOf(name)(doc.state)).toEqual(i < 0 ? O.none : O.some(i))
          expect(id(todo.next(name)(doc.state))).toEqual(i < 0 ? O.none : idAt(i + 1))
          expect(id(todo.prev(name)(doc.state))).toEqual(i < 0 ? O.none : idAt(i - 1))
        }
      }),
      { numRuns: inMemory(2000) },
    )
  })

  test('has one place for a row that two replicas move at once', () => {
    let common = create('c')
    for (const id of ['x', 'y', 'z']) common = done(todo.push({ id }), common)
    const a = done(todo.push('x'), { ...common, id: 'a' })
    const b = done(todo.after('x', 'y'), { ...common, id: 'b' })
    const [one, two] = [applyUpdates(history()(a))(b), applyUpdates(history()(b))(a)]
    expect(idsOf(todo.rows(one.state))).toEqual(idsOf(todo.rows(two.state)))
    expect([...idsOf(todo.rows(one.state))].sort()).toEqual(['x', 'y', 'z'])
  })

  test('has one order for rows that two replicas insert at one spot at once', () => {
    const common = done(todo.push({ id: 'x' }), create('c'))
    const [a, b] = ['a', 'b'].map((id) => done(todo.after({ id: `by ${id}` }, 'x'), { ...common, id })) as [Rows, Rows]
    const [one, two] = [applyUpdates(history()(a))(b), applyUpdates(history()(b))(a)]
    expect(idsOf(todo.rows(one.state))).toEqual(idsOf(todo.rows(two.state)))
    expect(idsOf(todo.rows(one.state))).toHaveLength(3)
  })

  const twins = (ids: ReadonlyArray<string>): Rows =>
    applyUpdates(ids.map((id, i): Of => [[id, { list: 'todo', _sort: 'V' }], NOW + i, 'b']))(create('ann'))

  test('puts a row between two of one `_sort` if its id allows', () => {
    const doc = twins(['a', 'c'])
    expect(idsOf(todo.rows(done(todo.after({ id: 'b' }, 'a'), doc).state))).toEqual(['a', 'b', 'c'])
    const [, made] = idsOf(todo.rows(done(todo.before({ text: 'x' }, 'c'), doc).state))
    expect(made).toMatch(/^a./)
    const moved = done(todo.after('b', 'a'), done(Doc.set('b', {}), doc))
    expect(idsOf(todo.rows(moved.state))).toEqual(['a', 'b', 'c'])
  })

  test('makes room beside rows that have one `_sort`, or that another library or an enemy sorted', () => {
    const sorts = fc.array(fc.constantFrom('V', 'V!', 'V!!', 'W', '~'.repeat(4096), '!'.repeat(4096)), { maxLength: 5 })
    fc.assert(
      fc.property(sorts, fc.nat(), (given, at) => {
        let doc = applyUpdates(given.map((_sort, i): Of => [[`r${String(i)}`, { list: 'todo', _sort }], NOW + i, 'b']))(
          create('ann'),
        )
        const before = idsOf(todo.rows(doc.state))
        for (const command of todo.apart(doc.state)) doc = done(command, doc)
        expect(idsOf(todo.rows(doc.state))).toEqual(before)
        expect(todo.apart(doc.state)).toEqual([])
        const place = at % (before.length + 1)
        const anchor = before[place]
        const put = done(anchor === undefined ? todo.push({ id: 'a' }) : todo.before({ id: 'a' }, anchor), doc)
        expect(idsOf(todo.rows(put.state))).toEqual([...before.slice(0, place), 'a', ...before.slice(place)])
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('keeps one row, and an edit made while it moves', () => {
    let common = create('c')
    for (const id of ['x', 'y', 'z']) common = done(todo.push({ id }), common)
    const moved = done(todo.push('x'), { ...common, id: 'a' }, NOW + 10)
    for (const editAt of [NOW + 5, NOW + 20]) {
      const edited = done(Doc.set('x', { text: 'X' }), { ...common, id: 'b' }, editAt)
      const { state } = applyUpdates(history()(moved))(edited)
      expect(idsOf(todo.rows(state))).toEqual(['y', 'z', 'x'])
      expect(Doc.row('x')(state)).toMatchObject(O.some({ text: 'X' }))
    }
  })

  test('refuses an id and a `_sort` of more than 4,096 bytes', () => {
    for (const [length, tag] of [
      [4096, 'Right'],
      [4097, 'Left'],
    ] as const) {
      const key = '~'.repeat(length)
      expect(decode()([[key, {}], NOW, 'b'])._tag).toBe(tag)
      expect(decode()([['r', { _sort: key }], NOW, 'b'])._tag).toBe(tag)
      expect(decode()([['r', { text: key }], NOW, 'b'])._tag).toBe('Right')
      expect(Doc.of(t.unknown).final?.(['r', { _sort: key }])).toBe(tag === 'Left')
    }
  })
})
