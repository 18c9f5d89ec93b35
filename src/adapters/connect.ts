/**
 * Connections: they keep a store and its peers in step over sockets, ports, tabs and HTTP, and come
 * back by themselves.
 */
export { broadcastChannel, type ChannelLike, type ChannelOptions } from './connect/broadcastChannel.js'
export {
  assertTransport,
  checkTransport,
  type CaseName,
  type CaseResult,
  type CheckOptions,
  type MakeTransport,
} from './connect/checkTransport.js'
export type { Trial, TrialStore } from './connect/conformance/Scene.js'
export { connect } from './connect/connect.js'
export type { Connection, ConnectOptions, Status } from './connect/Connection.js'
export { createLink, type Link, type LinkOptions } from './connect/createLink.js'
export type { Refused } from './connect/frames.js'
export { http, type HttpOptions } from './connect/http.js'
export { messagePort, type PortLike, type PortOptions } from './connect/messagePort.js'
export type { After, Network, PaceOptions } from './connect/pace.js'
export type {
  Answer,
  Bus,
  BusTransport,
  Closing,
  Pace,
  PollTransport,
  Question,
  Transport,
  Wire,
  WireEvents,
  WireTransport,
} from './connect/Transport.js'
export {
  webSocket,
  type SocketConstructor,
  type SocketLike,
  type WebSocketOptions,
  type WebSocketTransport,
} from './connect/webSocket.js'
export { createDocuments, type ClosableStore, type Documents, type DocumentsOptions } from './serve/documents.js'
export type { AnyStore, DocumentAnswer, InvalidAnswer, OpenDocument, ServeOptions } from './serve/hooks.js'
export type { HttpRequest, HttpResponse } from './serve/http.js'
export type { ServeLimits } from './serve/Limits.js'
export { serve, type Server } from './serve/serve.js'
export type { ServedRequest, ServedSocket, SocketServer } from './serve/Socket.js'
