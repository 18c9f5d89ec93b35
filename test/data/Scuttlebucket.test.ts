import { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import {
  Clock,
  Events,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  unwrap,
  type Update,
} from '../../src/index.js'

const parts = {
  chat: Events.of(t.string),
  list: RArray.of(t.number),
  deep: Scuttlebucket.of({ pad: REdit, settings: Model.of(t.number) }),
}

const bucket = scuttlebutt(Scuttlebucket.of(parts))
const { create, change, applyUpdates, decode, digest, history } = bucket

type Bucket = ReturnType<typeof create>

const NOW = 1_795_418_741_399

const done = (changed: E.Either<unknown, readonly [unknown, Bucket]>): Bucket => {
  if (E.isLeft(changed)) throw new Error(JSON.stringify(changed.left))
  return changed.right[1]
}

const { at, get } = Scuttlebucket

test('Parts share one id and one clock, and the clock covers their local updates', () => {
  const one = done(change(at('chat')(Events.emit('said', 'hi')), NOW)(create('ann')))
  const two = done(change(at('list')(RArray.push(1, 2)), NOW)(one))
  const three = done(change(at('deep')(at('pad')(REdit.text('a\nb\n'))), NOW)(two))
  expect(Object.keys(digest(three).clock)).toEqual(['ann'])
  for (const update of history()(three)) expect(Clock.covers(update)(three.clock)).toBe(true)
  expect(Events.toJSON(get('chat')(three.state))).toEqual([['said', 'hi']])
  expect(RArray.toArray(get('list')(three.state))).toEqual([1, 2])
  expect(REdit.toString(get('pad')(get('deep')(three.state)))).toBe('a\nb\n')
  expect(Scuttlebucket.toJSON(three.state)).toEqual({
    chat: [['said', 'hi']],
    list: [1, 2],
    deep: { pad: 'a\nb\n', settings: {} },
  })
})

test('A list of commands goes to a part, command by command', () => {
  const items = Array.from({ length: 5000 }, (_, i) => i)
  const commands = at('list')(RArray.spliceAll(0, 1, items))
  expect(commands.length).toBeGreaterThan(2)
  const full = commands.reduce(
    (replica, command) => done(change(command, NOW)(replica)),
    done(change(at('list')(RArray.push(-1)), NOW)(create('ann'))),
  )
  expect(RArray.toArray(get('list')(full.state))).toEqual(items)
  expect(at('list')(RArray.pushAll<number>([]))).toEqual([])
})

test('A key that is too long for a part is so for good', () => {
  const { final } = Scuttlebucket.of(parts)
  expect(final?.(['list', { ['~'.repeat(5000)]: 1 }])).toBe(true)
  expect([['list', { a: 'x' }], ['chat', 1], ['other', 1], 1].map((change) => final?.(change))).toEqual([
    false,
    false,
    false,
    false,
  ])
})

test('A command gets the state of its part, and its refusal is the result', () => {
  const refused = change(at('list')(RArray.remove(3)), NOW)(create('ann'))
  expect(refused).toEqual(E.left({ _tag: 'IndexOutOfRange', index: 3, length: 0 }))
})

describe('An update for an unknown part', () => {
  const small = scuttlebutt(Scuttlebucket.of({ chat: parts.chat }))
  const said: Update<never> = [['chat', ['said', 'hi']], NOW, 'ann'] as never
  const listed: Update<never> = [['list', { k: 1 }], NOW + 1, 'ann'] as never
  const odd: Update<never> = [['__proto__', { any: ['thing'] }], NOW + 2, 'ann'] as never
  const ann = applyUpdates([said, listed])(create('ann'))
  const brought = { ...bucket.encodeMessage(bucket.open(ann)), updates: [said, listed, odd] }
  const [relay] = small.reconcile(unwrap(small.decodeMessage()(brought)))(small.create('relay'))

  test('is kept unread, and passed on to a peer that knows the part', () => {
    expect(Scuttlebucket.toJSON(relay.state)).toEqual({ chat: [['said', 'hi']] })
    expect(small.history()(relay)).toEqual([said])
    expect(small.unread(relay)).toEqual([listed, odd])
    const ben = create('ben')
    const [, told] = small.reconcile(unwrap(small.decodeMessage()(bucket.encodeMessage(bucket.open(ben)))))(relay)
    if (told._tag === 'None') throw new Error('the relay says nothing')
    const [whole] = bucket.reconcile(unwrap(bucket.decodeMessage()(small.encodeMessage(told.value))))(ben)
    expect(RArray.toArray(get('list')(whole.state))).toEqual([1])
  })

  test.each([
    ['a state', relay],
    ['a clone', JSON.parse(JSON.stringify(relay)) as typeof relay],
  ])('is read once the program has the part, which %s of an older one lacks', (_, saved) => {
    const upgraded = bucket.reread(saved as never)
    expect(bucket.dataType.toJSON(upgraded.state)).toEqual(bucket.dataType.toJSON(ann.state))
    expect(bucket.unread(upgraded)).toEqual([odd])
    expect(bucket.reread(upgraded)).toBe(upgraded)
    const store = createStore(bucket, 'relay', { replica: saved as never })
    unwrap(store.change(at('deep')(at('settings')(Model.set('k', 1)))))
    expect(bucket.dataType.toJSON(store.getReplica().state)).toMatchObject({ deep: { settings: { k: 1 } }, list: [1] })
  })
})

test('The state of a part stays the same reference if nothing was written to the part', () => {
  const one = done(change(at('chat')(Events.emit('said', 'hi')), NOW)(create('ann')))
  const two = done(change(at('list')(RArray.push(1)), NOW)(one))
  expect(get('chat')(two.state)).toBe(get('chat')(one.state))
  const three = applyUpdates([[['unknown', 1], NOW + 1, 'ben'] as never])(two)
  expect(three.state).toBe(two.state)
  expect(three).not.toBe(two)
})

test('A rejection says which value of a part was wrong', () => {
  const refused = decode()([['deep', ['settings', ['k', 'no number']]], NOW, 'ann'])
  expect(refused).toMatchObject({ left: { _tag: 'InvalidChange', at: '[0][1][1][1]' } })
  for (const shape of [null, 'chat', [], ['chat'], ['chat', 1], ['chat', ['said', 1], 2], [1, 2], { chat: 1 }]) {
    expect(decode()([shape, NOW, 'ann'])).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
  }
})

test('`toJSON` of the data type shows a clone of a state', () => {
  const one = done(change(at('list')(RArray.push(1)), NOW)(create('ann')))
  const clone = structuredClone(one.state)
  expect(() => Scuttlebucket.toJSON(clone)).toThrow(TypeError)
  expect(Scuttlebucket.of(parts).toJSON(clone)).toEqual(Scuttlebucket.toJSON(one.state))
})

test('A part may have any name', () => {
  const named = Scuttlebucket.of(Object.fromEntries([['__proto__', Model.of(t.number)]]))
  const odd = scuttlebutt(named)
  const replica = odd.applyUpdates([[['__proto__', ['constructor', 1]], NOW, 'a'] as never])(odd.create('z'))
  expect(JSON.stringify(Scuttlebucket.toJSON(replica.state))).toBe('{"__proto__":{"constructor":1}}')
})

test('Two states are equal if all their parts are', () => {
  const eq = Scuttlebucket.getEq({
    chat: Events.getEq<string>(),
    list: RArray.getEq<number>(),
    deep: Scuttlebucket.getEq({ pad: REdit.getEq(), settings: Model.getEq<number>() }),
  })
  const a = done(change(at('list')(RArray.push(1)), NOW)(create('ann')))
  const b = applyUpdates(history()(a))(create('ben'))
  expect(eq.equals(a.state, b.state)).toBe(true)
  const c = done(change(at('deep')(at('settings')(Model.set('k', 1))), NOW)(b))
  expect(eq.equals(c.state, b.state)).toBe(false)
})
