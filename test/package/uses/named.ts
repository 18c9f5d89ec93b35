/** Exports values of every kind: a program that is compiled with `declaration` must be able to. */
import * as t from 'io-ts'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Lines,
  Model,
  RArray,
  REdit,
  Rejection,
  Replay,
  Scuttlebucket,
  scuttlebutt,
  Session,
  unwrap,
  WireMessage,
} from 'scuttlebutt-ts'
import { createStore } from 'scuttlebutt-ts/store'
import { createStream } from 'scuttlebutt-ts/stream'
import { toWebStreams } from 'scuttlebutt-ts/web'
import { openFile } from 'scuttlebutt-ts/file'
import { openLevel } from 'scuttlebutt-ts/level'
import { verifyUpdates, ed25519 } from 'scuttlebutt-ts/security'
import { check, operations, checkDataType } from 'scuttlebutt-ts/laws'
export const bucket = Scuttlebucket.of({
  title: Model.of(t.string),
  list: RArray.of(t.string),
  notes: REdit,
  rows: Doc.of(t.number),
})
export const sb = scuttlebutt(bucket)
export const model = scuttlebutt(Model.of(t.string))
export const store = createStore(model, 'ann')
export const setTitle = (s: string) => store.change(Model.set('title', s))
export const changeAsync = (s: string) => store.changeAsync(Model.set('title', s))
export const changed = model.change(Model.set('x', 'y'), 1)(model.create('a'))
export const decoded = model.decode()([])
export const message = model.decodeMessage()([])
export const answer = model.reconcile({ digest: model.digest(model.create('a')), updates: [] })(model.create('b'))
export const inner = Scuttlebucket.at('list')(RArray.push('x'))
export const inner2 = Scuttlebucket.at('rows')(Doc.set('r', { a: 1 }))
export const part = Scuttlebucket.get('list')(sb.create('a').state)
export const json = bucket.toJSON(sb.create('a').state)
export const show = Rejection.show
export const push = RArray.push('a'),
  splice = RArray.splice(0, 1, 'a'),
  text = REdit.text('x'),
  seq = Doc.seq('a', 'b'),
  view = Doc.set('a', 'b' as never)
export const rows = seq.push({ id: 'x' })
export const events = Events.emit('a', 1),
  feed = AppendOnly.push(1),
  expiry = ExpiryModel.set('a', 1),
  dispatch = Replay.dispatch(1)
export const session = Session.open(),
  step = Session.step(model.dataType),
  received = Session.receive(model.dataType),
  sent = Session.send
export const line = Lines.push('x', 1)(Lines.empty),
  wire = WireMessage.decode(model.dataType)({})('x'),
  enc = WireMessage.encode(model.dataType)
export const stream = createStream(store),
  web = toWebStreams(store),
  file = openFile('x', model, 'a')
export const verified = verifyUpdates(model.dataType, { document: 'x', verifier: ed25519.verifier() })
export const u = unwrap(changed)
export const laws = [check, operations, checkDataType]
export const level = openLevel
export const hist = model.history()(model.create('a')),
  dig = model.digest(model.create('a'))
export const types = [
  Model.of(t.string),
  Events.of(t.string),
  RArray.of(t.string),
  Doc.of(t.string),
  AppendOnly.of(t.string),
  ExpiryModel.of(t.string, { maxAge: 1 }),
  Replay.of((s: number, a: number) => s + a, 0, t.number),
] as const
export const E1 = Model.entries(model.create('a').state),
  E2 = Events.events('x')(scuttlebutt(Events.of(t.string)).create('a').state)
