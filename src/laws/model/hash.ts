/** A small number for a text; the same for the same text. O(size). */
export const hashOf = (text: string): number => {
  let hash = 7
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) % 65_521
  return hash
}
