/** Drawn at 16 px, in the colour of the text. */
import type { ReactNode } from 'react'

const Icon = ({ children }: { readonly children: ReactNode }) => (
  <svg
    viewBox="0 0 16 16"
    width="16"
    height="16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.6"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
)

export const GripIcon = () => (
  <Icon>
    <path d="M6 4v0M6 8v0M6 12v0M10 4v0M10 8v0M10 12v0" strokeWidth="2" />
  </Icon>
)

export const CrossIcon = () => (
  <Icon>
    <path d="M4.5 4.5l7 7M11.5 4.5l-7 7" />
  </Icon>
)

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3.5v9M3.5 8h9" />
  </Icon>
)

export const UndoIcon = () => (
  <Icon>
    <path d="M6 3L3 6l3 3M3 6h6a4 4 0 0 1 0 8H7" />
  </Icon>
)

export const RedoIcon = () => (
  <Icon>
    <path d="M10 3l3 3-3 3M13 6H7a4 4 0 0 0 0 8h2" />
  </Icon>
)
