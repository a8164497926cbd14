/** A command to run. */
export interface Command {
  argv: readonly string[];
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Its standard output is an answer to read, not progress to log. */
  quiet?: boolean;
}

/** How it ended. */
export interface Ended {
  /** Exit status; -1 when a signal ended it, and 127 when it could not be started. */
  status: number;
  /** Standard output of a quiet command. */
  answer: string;
  /** What ended it, for people: `status 2`, `SIGKILL`, `ENOENT`. */
  how: string;
}
