/** Web streams of the wire protocol: for browsers, workers and WebTransport. */
import { createLink, type Announcement, type LinkOptions } from './Link.js'
import type { Store } from './store.js'

export interface WebStreamOptions extends LinkOptions {
  /** Called for header, syncSent, syncReceived, sync and each rejection. */
  readonly announce?: (announcement: Announcement) => void
}

export interface WebStreams {
  /** UTF-8 lines for the peer. */
  readonly readable: ReadableStream<Uint8Array>
  /** Receives from the peer: bytes or text, in chunks of any size. */
  readonly writable: WritableStream<Uint8Array | ArrayBuffer | string>
}

const CHARACTERS_A_PULL = 1 << 14

/**
 * Streams for one peer. Reads nothing from the store before somebody pulls. Cancelling `readable`
 * or aborting `writable` unsubscribes from the store. A peer's mistakes are announced. Costs as
 * `Session`.
 *
 * @example
 * import * as t from 'io-ts'
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
  let isOver = false

  /** Answers the waiting pull, if there is something to say. */
  const pump = (): void => {
    if (satisfy === undefined) return
    const pulled = satisfy
    satisfy = undefined
    const text = link.read(CHARACTERS_A_PULL)
    if (text === '') {
      satisfy = pulled
      return
    }
    if (text === undefined) finish()
    else controller.enqueue(encoder.encode(text))
    pulled()
  }

  /** Ends the readable side. Harmless if it has ended. */
  const finish = (): void => {
    link.close()
    if (!isOver) controller.close()
    isOver = true
  }

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
        isOver = true
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
