/**
 * `npm run example`: builds the page and serves it. PORT and HOST say where: `HOST=0.0.0.0` lets
 * other devices in.
 */
import { buildPage, serveBoard } from './server.js'

const { PORT = '8080', HOST: host } = process.env

await buildPage()
const { url, close } = await serveBoard(Number(PORT), { host })
console.log(`The board is at ${url} – open it in two windows. Control-C ends it.`)

process.once('SIGINT', () => {
  void close().then(() => process.exit())
})
