/** The main entry: the core, the data types and the wire. Does no I/O and needs no Node. */
import * as rejections from './core/Rejection.js'
import * as timestamps from './core/Timestamp.js'
import type { Rejection as AnyRejection } from './scuttlebutt.js'

export type { Behind, ClockRecord } from './core/Clock.js'
export * as Clock from './core/Clock.js'
export { unwrap } from './core/Either.js'
export type { Applied, Command, DataType, Maker } from './core/DataType.js'
export type { DeepReadonly } from './core/DeepReadonly.js'
export type { Equivocation } from './core/Fork.js'
export type { Budget, Order } from './core/Frontier.js'
export type { Log } from './core/Log.js'
export type { Past } from './core/Past.js'
export type { Message } from './core/reconcile.js'
export type { Failure } from './core/Rejection.js'
export type { Digest, Replica } from './core/Replica.js'
export type { ChangeOf, CommandOf, MessageOf, ReplicaOf, StateOf } from './core/typesOf.js'
export type { SourceId, Stamp, Update } from './core/Update.js'
export * as AppendOnly from './data/AppendOnly.js'
export * as Doc from './data/doc/Doc.js'
export * as Events from './data/Events.js'
export * as ExpiryModel from './data/ExpiryModel.js'
export * as Model from './data/Model.js'
export * as RArray from './data/RArray.js'
export * as REdit from './data/REdit.js'
export * as Replay from './data/Replay.js'
export * as Scuttlebucket from './data/Scuttlebucket.js'
export { scuttlebutt, type Scuttlebutt, type ScuttlebuttOfParts } from './scuttlebutt.js'
export * as codecs from './wire/codecs.js'
export * as WireMessage from './wire/lines/format.js'
export * as Lines from './wire/lines/Lines.js'
export type { Policy } from './wire/Policy.js'
export * as Session from './wire/Session.js'

/** The type and its functions under one name. */
export type Rejection = AnyRejection
export const Rejection = rejections

/** The type and its functions under one name. */
export type Timestamp = timestamps.Timestamp
export const Timestamp = timestamps
