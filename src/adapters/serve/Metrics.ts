/** What a server counts, as text that Prometheus reads. */

/** So many reasons of refusals are told apart. The hooks of the server name them. */
const MAX_REASONS = 100

/** The counters of a server. */
export class Metrics {
  sockets = 0
  links = 0
  messagesIn = 0
  messagesOut = 0
  bytesIn = 0
  bytesOut = 0
  requests = 0
  failures = 0
  readonly #refusals = new Map<string, number>()

  refused(reason: string): void {
    const isKnown = this.#refusals.has(reason) || this.#refusals.size < MAX_REASONS
    const key = isKnown ? reason : 'other'
    this.#refusals.set(key, (this.#refusals.get(key) ?? 0) + 1)
  }

  /** The exposition format, version 0.0.4. `documents` have a link now. O(reasons). */
  text(documents: number): string {
    const { sockets, links, messagesIn, messagesOut, bytesIn, bytesOut, requests, failures } = this
    const both = (came: number, went: number): ReadonlyArray<Sample> => [
      ['{direction="in"}', came],
      ['{direction="out"}', went],
    ]
    const reasons = [...this.#refusals].map(([reason, count]): Sample => [`{reason="${escaped(reason)}"}`, count])
    return [
      family('sockets', 'gauge', 'Open WebSockets.', [['', sockets]]),
      family('documents', 'gauge', 'Documents in use.', [['', documents]]),
      family('links', 'gauge', 'Documents, counted once for each socket.', [['', links]]),
      family('messages_total', 'counter', 'WebSocket messages.', both(messagesIn, messagesOut)),
      family('bytes_total', 'counter', 'Bytes of WebSocket messages.', both(bytesIn, bytesOut)),
      family('requests_total', 'counter', 'HTTP requests for a document.', [['', requests]]),
      family('refusals_total', 'counter', 'Refused sockets, documents and requests.', reasons),
      family('failures_total', 'counter', 'Hooks and stores that failed.', [['', failures]]),
    ].join('')
  }
}

type Sample = readonly [labels: string, value: number]

const family = (name: string, type: string, help: string, samples: ReadonlyArray<Sample>): string => {
  const full = `scuttlebutt_${name}`
  const lines = samples.map(([labels, value]) => `${full}${labels} ${String(value)}\n`)
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
}

const escaped = (label: string): string =>
  label.slice(0, 100).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
