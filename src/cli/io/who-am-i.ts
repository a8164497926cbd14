import { hostname, userInfo } from 'node:os';

/** `user@host` of whoever runs the command; for the Lease and the record. */
export function whoAmI(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // a user id without a name, as in containers
    user = `uid-${process.getuid?.() ?? 0}`;
  }
  return `${user}@${hostname()}`;
}
