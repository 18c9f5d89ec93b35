/** The server of the board: the built page, and a replica that all pages sync with. */
import type { Server as HttpServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'
import { WebSocketServer } from 'ws'
import { either as E } from 'fp-ts'
import { serve } from 'scuttlebutt-ts/connect'
import { createStore } from 'scuttlebutt-ts/store'
import { board, DOCUMENT, firstUpdates } from './board.js'

const root = fileURLToPath(new URL('.', import.meta.url))

const library = fileURLToPath(new URL('../../../src', import.meta.url))

/** Where the built page is. */
export const outDir = fileURLToPath(new URL('../../../build/board/page', import.meta.url))

/** Builds the page. The library is taken from its sources: see `paths` in tsconfig.json. */
export const buildPage = () =>
  build({
    root,
    base: './',
    configFile: false,
    logLevel: 'warn',
    resolve: { tsconfigPaths: true },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: [
              { name: 'scuttlebutt-ts', test: (id) => id.startsWith(library) },
              { name: 'react', test: /node_modules\/(?:react|react-dom|scheduler)\// },
              { name: 'io-ts', test: /node_modules\/(?:io-ts|fp-ts)\// },
            ],
          },
        },
      },
    },
  })

export interface BoardServer {
  readonly url: string
  readonly close: () => Promise<void>
}

export interface BoardServerOptions {
  /** Default: this machine alone. */
  readonly host?: string | undefined
  /** Fails if the port is taken. Default: takes the next free one. */
  readonly strictPort?: boolean
}

/** Serves the built page. The board is in memory: pages bring it back after a restart. */
export const serveBoard = async (
  port: number,
  { host = 'localhost', strictPort = false }: BoardServerOptions = {},
): Promise<BoardServer> => {
  const page = await preview({
    root,
    configFile: false,
    logLevel: 'error',
    build: { outDir },
    preview: { port, host, strictPort },
  })
  const store = createStore(board, crypto.randomUUID())
  store.apply(firstUpdates())
  const sockets = new WebSocketServer({ server: page.httpServer as HttpServer, path: '/sync' })
  const server = serve(
    sockets,
    (_, document) => (document === DOCUMENT ? store : E.left({ _tag: 'Unknown', document })),
    { onError: console.error },
  )
  return {
    url: page.resolvedUrls!.local[0]!,
    close: async () => {
      await server.close()
      await page.close()
    },
  }
}
