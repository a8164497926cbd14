/** A row of the table of rooms; see rooms.js. */
export interface Room {
  layer: string;
  /** Folder, from the root. */
  room: string;
  holds: string;
  touches: string;
  /** Rooms and layers that it may import. */
  imports: string[];
  /** Rooms and layers of which it may import types alone. */
  types: string[];
  /** Folder of its tests. */
  tests: string;
  /** Its code also runs in the workflow sandbox: no Node built-ins, no SDK. */
  isPure: boolean;
}
export const rooms: Room[];
/** The rooms that names of rooms and layers stand for. */
export function roomsIn(names: readonly string[]): string[];
