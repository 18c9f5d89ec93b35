// @vitest-environment jsdom
/** The hook of presence. */
import { act, createElement } from 'react'
import { afterEach, expect, test } from 'vitest'
import { createPresence } from '../../src/adapters/presence.js'
import { shallow, usePresence } from '../../src/adapters/react.js'
import { mount, showing } from '../react/mount.js'

afterEach(() => {
  document.body.replaceChildren()
})

test.each([
  ['in StrictMode', true],
  ['plainly', false],
])('usePresence, %s, renders when what is selected changes, and for no heartbeat', (_, isStrict) => {
  const presence = createPresence({ id: 'me' })
  const peer = Symbol('peer')
  const hear = (...said: ReadonlyArray<unknown>): void => {
    act(() => {
      presence.receive(JSON.stringify(said), peer)
    })
  }
  const names = showing(() => usePresence(presence, (peers) => [...peers.keys()], shallow))
  const all = showing(() => [...usePresence(presence).values()])
  const page = createElement('div', null, createElement(names.Show), createElement(all.Show))
  const { text, unmount } = mount(page, { isStrict })
  expect(text()).toBe('[][]')
  hear('ann', 1, { at: 1 })
  expect(text()).toBe('["ann"][{"at":1}]')
  const rendered = names.counts.renders
  const renderedAll = all.counts.renders
  hear('ann', 2, { at: 1 })
  expect([names.counts.renders, all.counts.renders]).toEqual([rendered, renderedAll])
  hear('ann', 3, { at: 2 })
  expect(names.counts.renders).toBe(rendered)
  expect(text()).toBe('["ann"][{"at":2}]')
  act(() => {
    presence.gone(peer)
  })
  expect(text()).toBe('[][]')
  unmount()
  presence.close()
})
