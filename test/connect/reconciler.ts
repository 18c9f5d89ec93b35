/** A server of one document by hand: one message in, one out. */
import type { RequestListener } from 'node:http'
import type { LocalStore } from '../../src/adapters/store.js'

export const reconciler =
  <S, C>({ scuttlebutt, reconcileAsync }: LocalStore<S, C>): RequestListener =>
  (request, response) => {
    const answer = async (): Promise<void> => {
      const body = Buffer.concat((await request.toArray()) as Buffer[]).toString()
      const message = scuttlebutt.decodeMessage()(JSON.parse(body))
      if (message._tag === 'Left') {
        response.writeHead(400).end()
        return
      }
      const reply = await reconcileAsync(message.right, { maxBytes: 1 << 20 })
      if (reply._tag === 'None') response.writeHead(204).end()
      else response.end(JSON.stringify(scuttlebutt.encodeMessage(reply.value)))
    }
    answer().catch(() => response.writeHead(400).end())
  }
