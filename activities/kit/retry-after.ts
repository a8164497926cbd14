/** Longest wait that a server may ask for, ms: by then it is asked again, for it may have said a date far away by mistake. */
const longestMs = 600_000;

/**
 * ms that a Retry-After header asks for (RFC 9110 10.2.3), at most ten minutes. It holds seconds or an HTTP date; of
 * anything else, no time and a time that is over, undefined.
 */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : / GMT$/.test(text) ? Date.parse(text) - Date.now() : 0;
  return ms > 0 ? Math.min(ms, longestMs) : undefined;
}
