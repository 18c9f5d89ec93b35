/**
 * Space-time diagrams of a run: replicas as lanes, what they do as points, messages as arrows.
 *
 * Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (CACM 1978), figure 1.
 */
import type { TraceEvent } from './Counterexample.js'

/** The width of a lane, in characters: as much as its texts take, if that fits a terminal. */
const widthOf = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): number => {
  const longest = Math.max(...ids.map((id) => id.length), ...trace.map(({ text }) => text.length)) + 4
  return Math.max(16, Math.min(longest, Math.floor(TERMINAL / ids.length)))
}

const TERMINAL = 110

/** For a terminal: lanes side by side, time running down. O(e) lines for e events. */
export const toText = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): string => {
  const width = widthOf(ids, trace)
  const header = `     ${ids.map((id) => clip(name(id), width - 2).padEnd(width)).join('')}`
  return [header, ...trace.map((event, i) => `${String(i + 1).padStart(3)}  ${row(ids.length, width, event)}`)]
    .map((line) => line.trimEnd())
    .join('\n')
}

const name = (id: string): string => (/^[\w ]+$/.test(id) ? id : JSON.stringify(id))

/** In one line, and no longer than there is room. */
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
    const mark = kind === 'crash' ? '✗' : kind === 'refused' ? '○' : '●'
    cells[at] = `${mark} ${clip(text, width - 3)}`.padEnd(width)
    return cells.join('')
  }
  const [left, right] = [Math.min(at, from), Math.max(at, from)]
  const span = (right - left) * width - 1
  const label = clip(text, span - 4)
  const line = ` ${label} `.padStart(Math.ceil((span + label.length + 2) / 2) - 1, '─').padEnd(span - 1, '─')
  const arrow = at > from ? `├${line}${kind === 'lost' ? '╳' : '▶'}│` : `│${kind === 'lost' ? '╳' : '◀'}${line}┤`
  return cells.slice(0, left).join('') + arrow.padEnd((right - left + 1) * width) + cells.slice(right + 1).join('')
}

const LANE = 60
const STEP = 90
const LEFT = 90

/** A drawing of its own, lanes one above the other, time running to the right, messages at their slant. */
export const toSvg = (ids: ReadonlyArray<string>, trace: ReadonlyArray<TraceEvent>): string => {
  const x = (i: number): number => LEFT + STEP * (i + 0.5)
  const y = (lane: number): number => LANE * (lane + 1)
  const [width, height] = [LEFT + STEP * (trace.length + 1), LANE * (ids.length + 1)]
  const lanes = ids.map(
    (id, lane) =>
      `<text x="8" y="${String(y(lane) + 4)}">${escape(clip(name(id), 10))}</text>` +
      `<line x1="${String(LEFT)}" y1="${String(y(lane))}" x2="${String(width)}" y2="${String(y(lane))}" class="lane"/>`,
  )
  const events = trace.map((event, i) => {
    if (event.at < 0) {
      const label = `<text x="${String(x(i))}" y="14" class="small">${escape(event.text)}</text>`
      return `<line x1="${String(x(i))}" y1="20" x2="${String(x(i))}" y2="${String(height)}" class="cut"/>${label}`
    }
    const point = `<circle cx="${String(x(i))}" cy="${String(y(event.at))}" r="4" class="${event.kind}"><title>${escape(`${event.text}\n${event.view}`)}</title></circle>`
    const label = (at: number): string =>
      `<text x="${String(x(i))}" y="${String(at)}" class="small">${escape(clip(event.text, 16))}</text>`
    if (event.from === undefined) return point + label(y(event.at) - 10)
    const start = event.sentAt === undefined || event.sentAt < 0 ? i : event.sentAt
    return (
      `<line x1="${String(x(start))}" y1="${String(y(event.from))}" x2="${String(x(i))}" y2="${String(y(event.at))}" class="message ${event.kind}" marker-end="url(#head)"/>` +
      point +
      label(y(event.at) + 18)
    )
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}">`,
    '<style>text{font:13px sans-serif}.small{font-size:10px;text-anchor:middle}.lane{stroke:#999}.message{stroke:#36c}.again{stroke-dasharray:4 3}.lost{stroke:#c33;stroke-dasharray:2 4}.cut{stroke:#c93;stroke-dasharray:6 4}circle{fill:#36c}.local{fill:#222}.crash{fill:#c33}.refused{fill:#fff;stroke:#222}</style>',
    '<defs><marker id="head" viewBox="0 0 8 8" refX="10" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#36c"/></marker></defs>',
    ...lanes,
    ...events,
    '</svg>',
  ].join('\n')
}

const escape = (text: string): string =>
  text
    // what XML cannot hold
    .replaceAll(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** A sequence diagram, for Markdown that draws Mermaid. */
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

/** Characters that mean something to Mermaid, by their codes. */
const plain = (text: string): string =>
  clip(text, 60).replaceAll(/[^\w ,.()[\]{}=+*/'|@-]/gu, (character) => `#${String(character.codePointAt(0)!)};`)
