/** Shapes of secrets; by shape and not by key, because texts of other tools carry them anywhere. */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*-----[\s\S]*?(?:-----END [A-Z ]*-----|$)/g, '[PEM]'],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, '[token]'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 [redacted]'],
  [/(:\/\/)[^\s/:@]+:[^\s/@]+@/g, '$1[redacted]@'],
  [/\b(token|password|secret|api[-_]?key)(["']?\s*[=:]\s*["']?)[^\s"',;]{4,}/gi, '$1$2[redacted]'],
  [/\b[A-Za-z0-9+/]{120,}={0,2}/g, '[base64]'],
];

/** A text without anything that looks like a secret. */
export function redact(text: string): string {
  return shapes.reduce((clean, [shape, word]) => clean.replace(shape, word), text);
}

/** At most so many bytes of UTF-8, cut with an ellipsis. */
export function atMost(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  return `${Buffer.from(text)
    .subarray(0, bytes - 3)
    .toString('utf8')
    .replace(/�+$/, '')}…`;
}
