/**
 * Space-time diagrams: replicas are lanes, their events are points, messages are arrows.
 *
 * Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (CACM 1978),
 * figure 1.
 */
import { nameOf as name } from '../model/show.js'
import type { TraceEvent } from '../model/Trace.js'

/** The width of a lane in characters: that of its texts, if the terminal has room. */
const widthOf = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): number => {
  const longest = Math.max(...ids.map((id) => id.length), ...trace.map(({ text }) => text.length)) + 4
  return Math.max(16, Math.min(longest, Math.floor(TERMINAL / ids.length)))
}

const TERMINAL = 110

/** For a terminal: lanes side by side, time runs down. One line for each event. */
export const toText = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): string => {
  const width = widthOf(ids, trace)
  const header = `     ${ids.map((id) => clip(name(id), width - 2).padEnd(width)).join('')}`
  return [header, ...trace.map((event, i) => `${String(i + 1).padStart(3)}  ${row(ids.length, width, event)}`)]
    .map((line) => line.trimEnd())
    .join('\n')
}

/** One line of at most `most` characters. */
const clip = (text: string, most: number): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

const row = (lanes: number, width: number, { kind, at, from, text }: TraceEvent): string => {
  if (at < 0)
    return clip(`${kind === 'heal' ? '═══' : '╌╌╌'} ${text} `, lanes * width).padEnd(
      lanes * width - width + 1,
      kind === 'heal' ? '═' : '╌',
    )
  const cells = Array.from({ length: lanes }, () => '│'.padEnd(width))
  if (from === undefined) {
    const mark = kind === 'crash' || kind === 'threw' ? '✗' : kind === 'refused' ? '○' : '●'
    cells[at] = `${mark} ${clip(text, width - 3)}`.padEnd(width)
    return cells.join('')
  }
  const [left, right] = [Math.min(at, from), Math.max(at, from)]
  const span = (right - left) * width - 1
  const label = clip(text, span - 4)
  const line = ` ${label} `.padStart(Math.ceil((span + label.length + 2) / 2) - 1, '─').padEnd(span - 1, '─')
  const end = kind === 'threw' ? '✗' : '│'
  const arrow =
    at > from ? `├${line}${kind === 'lost' ? '╳' : '▶'}${end}` : `${end}${kind === 'lost' ? '╳' : '◀'}${line}┤`
  return cells.slice(0, left).join('') + arrow.padEnd((right - left + 1) * width) + cells.slice(right + 1).join('')
}

/** Pixels: the height of a lane, the width of an event, the width of the names. */
const LANE = 60
const STEP = 90
const LEFT = 90

const x = (i: number): number => LEFT + STEP * (i + 0.5)
const y = (lane: number): number => LANE * (lane + 1)

/** Lanes one above the other, time runs to the right, messages are slanted lines. */
export const toSvg = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): string => {
  const [width, height] = [LEFT + STEP * (trace.length + 1), LANE * (ids.length + 1)]
  const size = { width, height, viewBox: `0 0 ${String(width)} ${String(height)}` }
  return [
    `<svg${attributes({ xmlns: 'http://www.w3.org/2000/svg', ...size })}>`,
    `<style>${STYLE}</style>`,
    HEAD,
    ...ids.map((id, lane) => svgLane(id, y(lane), width)),
    ...trace.map((event, i) => svgEvent(event, i, height)),
    '</svg>',
  ].join('\n')
}

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([key, value]) => ` ${key}="${String(value)}"`)
    .join('')

const STYLE = [
  'text{font:13px sans-serif}',
  '.small{font-size:10px;text-anchor:middle}',
  '.lane{stroke:#999}',
  '.message{stroke:#36c}',
  '.again{stroke-dasharray:4 3}',
  '.lost{stroke:#c33;stroke-dasharray:2 4}',
  '.cut{stroke:#c93;stroke-dasharray:6 4}',
  'circle{fill:#36c}',
  '.local{fill:#222}',
  '.crash,.threw{fill:#c33}',
  '.refused{fill:#fff;stroke:#222}',
].join('')

/** The head of an arrow. */
const HEAD =
  '<defs><marker id="head" viewBox="0 0 8 8" refX="10" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
  '<path d="M0 0L8 4L0 8z" fill="#36c"/></marker></defs>'

const svgLane = (id: string, at: number, width: number): string =>
  `<text${attributes({ x: 8, y: at + 4 })}>${escape(clip(name(id), 10))}</text>` +
  `<line${attributes({ x1: LEFT, y1: at, x2: width, y2: at, class: 'lane' })}/>`

const svgEvent = (event: TraceEvent, i: number, height: number): string => {
  const { at, from, kind, sentAt, text } = event
  const label = (baseline: number, shown: string): string =>
    `<text${attributes({ x: x(i), y: baseline, class: 'small' })}>${escape(shown)}</text>`
  if (at < 0) return `<line${attributes({ x1: x(i), y1: 20, x2: x(i), y2: height, class: 'cut' })}/>${label(14, text)}`
  const title = `<title>${escape(`${text}\n${event.view}`)}</title>`
  const point = `<circle${attributes({ cx: x(i), cy: y(at), r: 4, class: kind })}>${title}</circle>`
  if (from === undefined) return point + label(y(at) - 10, clip(text, 16))
  const ends = { x1: x(sentAt === undefined || sentAt < 0 ? i : sentAt), y1: y(from), x2: x(i), y2: y(at) }
  const arrow = `<line${attributes({ ...ends, class: `message ${kind}`, 'marker-end': 'url(#head)' })}/>`
  return arrow + point + label(y(at) + 18, clip(text, 16))
}

const escape = (text: string): string =>
  text
    .replaceAll(CONTROL, '\ufffd')
    .replaceAll(HALF_PAIR, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

// characters that XML cannot hold
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g
const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** A sequence diagram for Markdown with Mermaid. */
export const toMermaid = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): string => {
  const lane = (i: number): string => `r${String(i)}`
  const lines = trace.map(({ kind, at, from, text, view }) => {
    if (at < 0) return `Note over ${lane(0)},${lane(ids.length - 1)}: ${plain(text)}`
    if (kind === 'lost') return `${lane(from!)}-x${lane(at)}: ${plain(text)}`
    if (from === undefined) return `Note over ${lane(at)}: ${plain(kind === 'refused' ? `${text}, refused` : text)}`
    return `${lane(from)}->>${lane(at)}: ${plain(text)}\n  Note over ${lane(at)}: ${plain(view)}`
  })
  const participants = ids.map((id, i) => `participant ${lane(i)} as ${plain(name(id))}`)
  return ['sequenceDiagram', ...participants, ...lines].map((line, i) => (i === 0 ? line : `  ${line}`)).join('\n')
}

/** Writes characters that mean something to Mermaid as their codes. */
const plain = (text: string): string =>
  clip(text, 60).replaceAll(/[^\w ,.()[\]{}=+*/'|@-]/gu, (character) => `#${String(character.codePointAt(0)!)};`)
