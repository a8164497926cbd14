import { CliError, exit } from './io/exit.ts';
import { processIo } from './io/io.ts';
import { errorLines } from './views/print-error.ts';
import { runCli } from './program.ts';

// A reader that went away (fedctl list | head -1) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exit.done : exit.bug),
);

const io = processIo();
try {
  const code = await runCli(process.argv.slice(2), io);
  process.exitCode = code;
} catch (error) {
  for (const line of errorLines(error, io)) io.note(line);
  process.exitCode = error instanceof CliError ? error.exitCode : exit.bug;
}
// Open gRPC channels and watches would keep the process alive; stdout is flushed first, a pipe takes its time.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
process.exit();
