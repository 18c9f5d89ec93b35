/** Every kind of command on a store of each data type: TypeScript infers all of it, 5.x too. */
import * as t from 'io-ts'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  Text,
  type Update,
} from 'scuttlebutt-ts'
import { createStore } from 'scuttlebutt-ts/store'

const feed = createStore(scuttlebutt(AppendOnly.of(t.string)), 'ann')
const list = createStore(scuttlebutt(RArray.of(t.string)), 'ann')
const model = createStore(scuttlebutt(Model.of(t.string)), 'ann')
const expiring = createStore(scuttlebutt(ExpiryModel.of(t.string)), 'ann')
const doc = createStore(scuttlebutt(Doc.of(t.string)), 'ann')
const text = createStore(scuttlebutt(Text), 'ann')
const lines = createStore(scuttlebutt(REdit), 'ann')
const events = createStore(scuttlebutt(Events.of(t.string)), 'ann')
const parts = {
  chat: AppendOnly.of(t.string),
  list: RArray.of(t.string),
  model: Model.of(t.string),
  rows: Doc.of(t.string),
}
const bucket = createStore(scuttlebutt(Scuttlebucket.of(parts)), 'ann')
const todo = Doc.seq('list', 'todo')

export const made: ReadonlyArray<{ readonly _tag: 'Left' | 'Right' }> = [
  feed.change(AppendOnly.push('milk')),
  feed.change(AppendOnly.remove('x')),
  list.change(RArray.push('milk')),
  list.change(RArray.set(0, 'milk')),
  list.change(RArray.insert(0, 'milk')),
  list.change(RArray.splice(0, 1, 'milk')),
  list.change(RArray.move(0, 1)),
  list.change(RArray.remove(0)),
  list.change(RArray.pop()),
  list.changeAll(RArray.pushAll(['milk'])),
  list.changeAll(RArray.spliceAll(0, 0, ['milk'])),
  model.change(Model.set('k', 'milk')),
  model.change(Model.remove('k')),
  expiring.change(ExpiryModel.set('k', 'milk')),
  doc.change(Doc.set('row', { text: 'milk' })),
  doc.change(Doc.remove('row')),
  doc.change(todo.push({ text: 'milk' })),
  doc.change(todo.before('row', 'other')),
  doc.change(Doc.where('list', 'done').add('row')),
  text.change(Text.insert(0, 'milk')),
  text.change(Text.splice(0, 1, 'milk')),
  lines.change(REdit.splice(0, 0, 'milk')),
  events.change(Events.emit('said', 'milk')),
  bucket.change(Scuttlebucket.at('chat')(AppendOnly.push('milk'))),
  bucket.change(Scuttlebucket.at('chat')(AppendOnly.remove('x'))),
  bucket.change(Scuttlebucket.at('list')(RArray.push('milk'))),
  bucket.changeAll(Scuttlebucket.at('list')(RArray.pushAll(['milk']))),
  bucket.change(Scuttlebucket.at('model')(Model.set('k', 'milk'))),
  bucket.change(Scuttlebucket.at('rows')(Doc.set('row', { text: 'milk' }))),
  bucket.change(Scuttlebucket.at('rows')(Doc.remove('row'))),
]

export const shown: readonly [ReadonlyArray<string>, number, string, ReadonlyArray<Update<unknown>>] = [
  RArray.toArray(list.getReplica().state),
  RArray.length(list.getReplica().state),
  Text.toString(text.getReplica().state),
  feed.unread(),
]
