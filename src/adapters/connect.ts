/** Connections: transports that come back by themselves, and links for those of one's own. */
export { createLink, type Link, type LinkOptions } from './connect/createLink.js'
export type { Refused } from './connect/frames.js'
export { createDocuments, type ClosableStore, type Documents, type DocumentsOptions } from './serve/documents.js'
export type { Answer, AnyStore, OpenDocument, ServeOptions } from './serve/hooks.js'
export type { HttpRequest, HttpResponse } from './serve/http.js'
export type { ServeLimits } from './serve/Limits.js'
export { serve, type Server } from './serve/serve.js'
export type { ServedRequest, ServedSocket, SocketServer } from './serve/Socket.js'
