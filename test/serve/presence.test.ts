/** Who is here, by a server: told by default, and no socket fills a document. */
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect, webSocket, type OpenDocument, type ServeOptions } from '../../src/adapters/connect.js'
import { createPresence } from '../../src/adapters/presence.js'
import { left, right } from '../../src/core/Either.js'
import { raw, run, storeOf, until } from './client.js'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const start = async (open: OpenDocument, options?: ServeOptions): Promise<string> => {
  const { url, end } = await run(open, options)
  ends.push(end)
  return url
}

/** A tab that says its name on a document. */
const tab = (url: string, name: string, document = 'd') => {
  const presence = createPresence({ id: name })
  presence.set(name)
  const transport = webSocket(url, { WebSocket }).document(document)
  const connection = connect(storeOf(name), transport, { presence })
  ends.push(
    () => {
      presence.close()
    },
    () => {
      connection.close()
    },
  )
  return { presence, connection, sees: () => [...presence.peers().keys()].join() }
}

const HELLO = '"SURE {\\"name\\":\\"Model\\"}"\n{"id":"evil","clock":{}}\n'

const said = (...line: ReadonlyArray<unknown>): string => `${JSON.stringify(`PRESENCE ${JSON.stringify(line)}`)}\n`

/** A socket that says that 1,000 peers are here. */
const crowd = async (url: string) => {
  const one = await raw(url)
  one.socket.send(JSON.stringify(['d', HELLO]))
  for (let i = 0; i < 1000; i++) one.socket.send(JSON.stringify(['d', said(`e${String(i)}`, Date.now(), 1)]))
  await until('it is welcome', () => one.heard.length > 0)
  return one
}

describe('A server', () => {
  test('tells the sockets of a document who else is here, and who has gone, unless it is told not to', async () => {
    const stores = new Map(['d', 'other', 'quiet'].map((name) => [name, storeOf('server')]))
    const url = await start((_, document) => stores.get(document)!, {
      link: (_, document) => (document === 'quiet' ? { presence: undefined } : {}),
    })
    const [ann, ben, cy] = [tab(url, 'ann'), tab(url, 'ben'), tab(url, 'cy', 'other')]
    const [dan, eve] = [tab(url, 'dan', 'quiet'), tab(url, 'eve', 'quiet')]
    await until('they see each other', () => ann.sees() === 'ben' && ben.sees() === 'ann')
    ann.presence.set('elsewhere')
    await until('ben sees it', () => ben.presence.peers().get('ann') === 'elsewhere')
    const late = tab(url, 'late')
    await until('a newcomer sees both', () => late.sees() === 'ann,ben' && ann.sees() === 'ben,late')
    ann.connection.close()
    await until('ann is gone', () => ben.sees() === 'late' && late.sees() === 'ben')
    await until('dan and eve are in sync', () =>
      [dan, eve].every(({ connection }) => connection.status().phase === 'synced'),
    )
    expect([cy.sees(), dan.sees(), eve.sees()]).toEqual(['', '', ''])
    const silent = await start(() => stores.get('d')!, { presence: false })
    const [fay, gus] = [tab(silent, 'fay'), tab(silent, 'gus')]
    await until('fay and gus are in sync', () =>
      [fay, gus].every(({ connection }) => connection.status().phase === 'synced'),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([fay.sees(), gus.sees()]).toEqual(['', ''])
  })

  test('drops who has been silent for 30 s, by the timer that it has', async () => {
    const store = storeOf('server')
    let ahead = 0
    const now = () => Date.now() + ahead
    const url = await start(() => store, { now, limits: { timeout: 1e9, heartbeat: 100 } })
    const one = await raw(url)
    one.socket.send(JSON.stringify(['d', HELLO + said('x', Date.now(), 'here')]))
    const ann = tab(url, 'ann')
    await until('ann sees it', () => ann.sees() === 'x')
    ahead = 31_000
    await new Promise((resolve) => setTimeout(resolve, 200))
    const late = tab(url, 'late')
    await until('a newcomer is in sync', () => late.connection.status().phase === 'synced')
    expect(late.sees()).not.toContain('x')
  })

  test.each(['by default', 'with a presence of its own'])(
    'hears no more than 16 peers of one socket, so that all others are seen, %s',
    async (how) => {
      const store = storeOf('server')
      const presence = createPresence({ id: 'server' })
      ends.push(() => {
        presence.close()
      })
      const url = await start(() => store, how === 'by default' ? {} : { link: () => ({ presence }) })
      const evil = await crowd(url)
      const tabs = Array.from({ length: 20 }, (_, i) => tab(url, `tab${String(i)}`))
      await until('each sees the others', () => tabs.every((one) => one.sees().split(',').length === 16 + 19))
      // whom it has said to be gone counts for as long as they are remembered
      for (let i = 0; i < 16; i++) evil.socket.send(JSON.stringify(['d', said(`e${String(i)}`, Date.now() + 1, null)]))
      await until('they are gone', () => tabs.every((one) => one.sees().split(',').length === 19))
      evil.socket.send(JSON.stringify(['d', said('one more', Date.now(), 1)]))
      tabs[0]!.presence.set('moved')
      await until('a later line', () => tabs[1]!.presence.peers().get('tab0') === 'moved')
      expect(tabs[1]!.sees()).not.toContain('one more')
    },
  )

  test('hears as many as `limits` or `link` say, such as of a server that passes on others', async () => {
    const store = storeOf('server')
    const url = await start(() => store, {
      limits: { presences: 2 },
      link: ({ headers }) => (headers['x-relay'] === undefined ? {} : { presences: 1000 }),
    })
    await crowd(url)
    const ann = tab(url, 'ann')
    await until('ann sees two', () => ann.presence.peers().size === 2)
    const presence = createPresence({ id: 'relay' })
    for (let i = 0; i < 100; i++) presence.receive(JSON.stringify([`r${String(i)}`, Date.now(), 1]), Symbol('far'))
    class Trusted extends WebSocket {
      constructor(to: string) {
        super(to, { headers: { 'x-relay': '1' } })
      }
    }
    const connection = connect(storeOf('relay'), webSocket(url, { WebSocket: Trusted }).document('d'), { presence })
    ends.push(() => {
      connection.close()
      presence.close()
    })
    await until('ann sees all', () => ann.presence.peers().size === 102)
  })

  test('tells nobody before it knows that `onPeer` takes them, and hears nobody before', async () => {
    const store = storeOf('server')
    const url = await start(() => store, {
      onPeer: ({ id }) => (id === 'evil' ? left({ _tag: 'Banned' }) : right(undefined)),
    })
    const ann = tab(url, 'ann')
    const ben = tab(url, 'ben')
    await until('they see each other', () => ann.sees() === 'ben' && ben.sees() === 'ann')
    const [silent, banned] = [await raw(url), await raw(url)]
    silent.socket.send(JSON.stringify(['d', HELLO.split('\n')[0]! + '\n' + said('early', Date.now(), 1)]))
    banned.socket.send(JSON.stringify(['d', said('banned', Date.now(), 1) + HELLO + said('late', Date.now(), 1)]))
    await until('the banned one is refused', () => JSON.stringify(banned.heard).includes('Banned'))
    await until('the other has a header', () => silent.heard.length > 0)
    ann.presence.set('moved')
    await until('ben sees it', () => ben.presence.peers().get('ann') === 'moved')
    expect(JSON.stringify([silent.heard, banned.heard])).not.toContain('PRESENCE')
    expect([ann.sees(), ben.sees()]).toEqual(['ben', 'ann'])
  })
})
