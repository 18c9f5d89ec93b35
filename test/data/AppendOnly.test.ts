import { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { AppendOnly, scuttlebutt, type Update } from '../../src/index.js'

const { create, change, applyUpdates, decode, history } = scuttlebutt(AppendOnly.of(t.string))

type Of = Update<AppendOnly.Change<string>>

const hi: Of = [{ push: 'hi' }, 1000.5, 'a:b']
const ho: Of = [{ push: 'ho' }, 1001, '__proto__']
const noHi: Of = [{ remove: 'a:b:1000.5' }, 1002, 'c']

test('A removal wins before or after its item arrives, also over the copy of an offline peer', () => {
  for (const order of [
    [hi, ho, noHi],
    [noHi, ho, hi],
    [ho, hi, noHi],
  ]) {
    const replica = applyUpdates(order)(create('z'))
    expect(AppendOnly.items(replica.state)).toEqual([{ id: '__proto__:1001', item: 'ho' }])
    expect(AppendOnly.size(replica.state)).toBe(1)
    expect(history()(replica)).toEqual([ho, noHi])
  }
})

test('The newest of two removals of one item is kept', () => {
  const again: Of = [{ remove: 'a:b:1000.5' }, 1003, 'd']
  for (const order of [
    [hi, noHi, again],
    [again, noHi, hi],
  ]) {
    expect(history()(applyUpdates(order)(create('z')))).toEqual([again])
  }
})

test('A removal with an id that no update can have removes nothing and is not kept', () => {
  for (const id of ['', ':', 'a:b', 'a:b:1000.50', 'a:b: 1000.5', 'a:b:0', 'a:b:-1', 'a:b:1e999', 'a:b:NaN']) {
    const replica = applyUpdates([hi, [{ remove: id }, 1002, 'c']])(create('z'))
    expect(AppendOnly.toJSON(replica.state)).toEqual(['hi'])
    expect(history()(replica)).toEqual([hi])
    expect(change(AppendOnly.remove(id), 2000)(replica)).toEqual(E.left({ _tag: 'UnknownItem', id }))
  }
})

test('A command to remove a removed item is refused', () => {
  const replica = applyUpdates([hi, noHi])(create('z'))
  expect(change(AppendOnly.remove('a:b:1000.5'), 2000)(replica)).toMatchObject({ left: { _tag: 'UnknownItem' } })
})

test('A change has just one of push and remove', () => {
  expect(decode()(ho)).toEqual(E.right(ho))
  for (const shape of [null, 'x', [], {}, { push: 1 }, { remove: 1 }, { push: 'x', remove: 'y' }, { pushed: 'x' }]) {
    expect(decode()([shape, 1, 'a'])).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
  }
  const anything = scuttlebutt(AppendOnly.of(t.unknown))
  // such a codec takes a member that is missing
  for (const shape of [{}, [], { remove: 1 }, { remove: null }, { remove: {} }, { pushed: 'x' }]) {
    expect(anything.decode()([shape, 1, 'a'])).toMatchObject({ _tag: 'Left' })
  }
  expect(anything.change(AppendOnly.push(undefined), 1)(anything.create('a'))).toMatchObject({ _tag: 'Left' })
  expect(anything.change(AppendOnly.push(null), 1)(anything.create('a'))).toMatchObject({ _tag: 'Right' })
})
