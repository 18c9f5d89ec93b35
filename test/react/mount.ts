/** Components on a page, and how often they render. */
import { act, createElement, StrictMode, type FunctionComponent, type ReactElement } from 'react'
import { createRoot } from 'react-dom/client'

const page = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
page.IS_REACT_ACT_ENVIRONMENT = true

/** Mounts an element. Gives its text, and the way to change what is mounted. */
export const mount = (element: ReactElement, { isStrict = false } = {}) => {
  const container = document.createElement('div')
  document.body.append(container)
  const root = createRoot(container)
  const wrapped = (inner: ReactElement): ReactElement => (isStrict ? createElement(StrictMode, null, inner) : inner)
  const render = (inner: ReactElement): void => {
    act(() => {
      root.render(wrapped(inner))
    })
  }
  render(element)
  return {
    container,
    text: () => container.textContent,
    render,
    unmount: () => {
      act(() => {
        root.unmount()
      })
      container.remove()
    },
  }
}

/** A component that shows what a hook gives as JSON, and counts its renders. */
export const showing = <Props extends object>(use: (props: Props) => unknown) => {
  const counts = { renders: 0 }
  const seen: unknown[] = []
  const Show: FunctionComponent<Props> = (props) => {
    const value = use(props)
    counts.renders++
    seen.push(value)
    return createElement('p', null, value === undefined ? 'nothing' : JSON.stringify(value))
  }
  return { Show, counts, seen }
}

/** Runs outside of `act`, with React's own scheduler. */
export const withoutAct = async <A>(run: () => Promise<A>): Promise<A> => {
  page.IS_REACT_ACT_ENVIRONMENT = false
  try {
    return await run()
  } finally {
    page.IS_REACT_ACT_ENVIRONMENT = true
  }
}
