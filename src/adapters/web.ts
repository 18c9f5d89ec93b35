/** The same for web streams: browsers, workers, WebTransport, and whatever a MessagePort can carry. */
import type { Announcement } from '../wire/Session.js'
import { createLink, type LinkOptions } from './Link.js'
import type { Store } from './store.js'

export interface WebStreamOptions extends LinkOptions {
  /** Is told of header, syncSent, syncReceived, sync and rejections. */
  readonly announce?: (announcement: Announcement) => void
}

export interface WebStreams {
  /** UTF-8 lines for the peer. */
  readonly readable: ReadableStream<Uint8Array>
  /** Takes what the peer sent, in chunks of any size: bytes, or text. */
  readonly writable: WritableStream<Uint8Array | ArrayBuffer | string>
}

/** Characters that one pull takes. */
const PIECE = 1 << 14

/**
 * Streams for one peer. Nothing is read from the store before somebody pulls. Cancelling the one
 * or aborting the other lets go of the store. Costs as {@link Session}.
 *
 * @example
 * const [ann, ben] = ['ann', 'ben'].map((id) => createStore(scuttlebutt(Model.of(t.number)), id))
 * ann.change(Model.set('x', 1))
 * const [left, right] = [toWebStreams(ann, { tail: false }), toWebStreams(ben, { tail: false })]
 * await Promise.all([left.readable.pipeTo(right.writable), right.readable.pipeTo(left.writable)])
 * Model.toJSON(ben.getReplica().state) // => { x: 1 }
 */
export const toWebStreams = <S, C>(store: Store<S, C>, options: WebStreamOptions = {}): WebStreams => {
  const { announce = () => undefined, ...linkOptions } = options
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array>
  let satisfy: (() => void) | undefined

  /** Answers the pull that waits, if there is one and there is anything to say. */
  const pump = (): void => {
    if (satisfy === undefined) return
    const pulled = satisfy
    satisfy = undefined
    const text = link.read(PIECE)
    if (text === '') {
      satisfy = pulled
      return
    }
    if (text === undefined) finish()
    else controller.enqueue(encoder.encode(text))
    pulled()
  }

  /** Ends the readable side; harmless when it has ended already. */
  const finish = (): void => {
    link.close()
    if (!over) controller.close()
    over = true
  }
  let over = false

  const link = createLink(store, linkOptions, { announce, wake: pump, silent: finish })

  const readable = new ReadableStream<Uint8Array>(
    {
      start: (started) => {
        controller = started
      },
      pull: () =>
        new Promise<void>((resolve) => {
          satisfy = resolve
          pump()
        }),
      cancel: () => {
        over = true
        link.close()
      },
    },
    { highWaterMark: 0 },
  )

  const writable = new WritableStream<Uint8Array | ArrayBuffer | string>({
    write: (chunk) => link.write(chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk),
    close: () => link.end(),
    abort: finish,
  })

  return { readable, writable }
}
