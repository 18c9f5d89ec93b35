/** The command line of `scuttlebutt-ts serve`. */
import { parseArgs } from 'node:util'
import type { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { left, right } from '../../core/Either.js'
import { AppendOnly, Doc, Events, Model, RArray, REdit, scuttlebutt, Text, type Scuttlebutt } from '../../index.js'

/** What a server is to do. */
export interface CommandLine {
  readonly port: number
  readonly host: string
  readonly data: string
  readonly store: 'file' | 'level'
  readonly scuttlebutt: Scuttlebutt<unknown, unknown>
  readonly id: string
  readonly origin?: string
}

/** Data types of any values: the clients' codecs say which ones. */
const TYPES: Readonly<Record<string, () => unknown>> = {
  model: () => scuttlebutt(Model.of(t.unknown)),
  doc: () => scuttlebutt(Doc.of(t.unknown)),
  text: () => scuttlebutt(Text),
  redit: () => scuttlebutt(REdit),
  array: () => scuttlebutt(RArray.of(t.unknown)),
  list: () => scuttlebutt(AppendOnly.of(t.unknown)),
  events: () => scuttlebutt(Events.of(t.unknown)),
}

export const HELP = `usage: scuttlebutt-ts serve [options]

Keeps documents, and passes them on to all that connect by WebSocket or POST. Whoever reaches the
port may read and write every document: put a proxy that signs in before it, or use \`serve(…)\`.

  --port <number>    where to listen; 0 for any free port (default 8080)
  --host <name>      the address to listen on (default localhost; 0.0.0.0 for all)
  --data <folder>    where documents are kept (default ./data)
  --type <type>      ${Object.keys(TYPES).join(', ')} (default model)
  --store <kind>     file, or level: a LevelDB, by the package classic-level (default file)
  --id <name>        the id of the server's replicas (default server)
  --origin <origin>  pages of this origin may use POST; * for all
  --help             this text

The package ws must be installed. GET /metrics gives what the server counts. SIGTERM and SIGINT
stop it cleanly.
`

const OPTIONS = {
  port: { type: 'string', default: '8080' },
  host: { type: 'string', default: 'localhost' },
  data: { type: 'string', default: './data' },
  type: { type: 'string', default: 'model' },
  store: { type: 'string', default: 'file' },
  id: { type: 'string', default: 'server' },
  origin: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

/**
 * Reads the command line; undefined where help is asked for. Errors: a sentence that says what is
 * wrong.
 */
export const parse = (args: ReadonlyArray<string>): E.Either<string, CommandLine | undefined> => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    if (values.help) return right(undefined)
    const [command, ...more] = positionals
    if (command !== 'serve')
      return left(command === undefined ? 'no command given' : `there is no command "${command}"`)
    if (more.length > 0) return left(`"${more.join(' ')}" is no option of serve`)
    return commandOf(values)
  } catch (error) {
    return left(error instanceof Error ? error.message : String(error))
  }
}

type Values = Readonly<Record<'port' | 'host' | 'data' | 'type' | 'store' | 'id', string>> & {
  readonly origin?: string
}

const commandOf = ({ port: text, type, store, origin, ...rest }: Values): E.Either<string, CommandLine> => {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535) return left(`--port must be a number from 0 to 65535, and is "${text}"`)
  if (!Object.hasOwn(TYPES, type)) {
    return left(`--type must be one of ${Object.keys(TYPES).join(', ')}, and is "${type}"`)
  }
  if (store !== 'file' && store !== 'level') return left(`--store must be file or level, and is "${store}"`)
  const made = TYPES[type]!() as Scuttlebutt<unknown, unknown>
  return right({ ...rest, port, store, scuttlebutt: made, ...(origin !== undefined && { origin }) })
}
