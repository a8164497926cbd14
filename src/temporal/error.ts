/** Why Temporal cannot be used: it does not answer, or what says where it is cannot be read. */
export class TemporalError extends Error {
  /** One way out a line. */
  readonly fix: readonly string[];
  /** The server that does not answer; undefined when it is not known where one is. */
  readonly address: string | undefined;

  /** @param message lowercase, no period; never a secret */
  constructor(message: string, fix: readonly string[], address?: string) {
    super(message);
    this.name = 'TemporalError';
    this.fix = fix;
    this.address = address;
  }
}
