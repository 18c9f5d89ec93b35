/** Examples that listen on a port. */
import { once } from 'node:events'
import net from 'node:net'

/** The port that the README's example listens on. */
const WRITTEN = /\b8008\b/g

/** The code with a free port in place of the written one, so that two runs do not meet on it. */
export const onFreePort = async (code: string): Promise<string> => {
  const server = net.createServer()
  await once(server.listen(0), 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return code.replace(WRITTEN, String(port))
}
