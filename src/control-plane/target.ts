/** Where the control plane stands, and whose it is. */
export interface Target {
  /** Name of the federation. */
  federation: string;
  /** Namespace in the host cluster. */
  namespace: string;
}
