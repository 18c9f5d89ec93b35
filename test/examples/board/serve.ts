/** `npm run example`: builds the page and serves it. */
import { buildPage, serveBoard } from './server.js'

const port = Number(process.env['PORT'] ?? 8080)

await buildPage()
const { url } = await serveBoard(port)
console.log(`The board is at ${url} – open it twice. Control-C stops it.`)
