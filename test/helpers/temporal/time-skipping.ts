import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheHome } from '../../../sandbox/layout.ts';

const version = '1.31.0';
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>fedctl</groupId><artifactId>time-skipping</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;
// Started with its port, as the server's own build for each platform would be.
const launcher = (folder: string): string => `#!/bin/sh
exec java -cp '${folder}/jars/*' io.temporal.testserver.TestServer "$@"
`;

/**
 * Temporal's test server, which skips time while nothing works: from Maven, with all it needs, into the user's cache
 * once; offline afterwards. Throws when neither is there.
 */
function testServer(): string {
  const folder = join(cacheHome(), `temporal-test-server-${version}`);
  const program = join(folder, 'temporal-test-server');
  if (existsSync(program)) return program;
  mkdirSync(cacheHome(), { recursive: true });
  const draft = mkdtempSync(`${folder}-`);
  try {
    writeFileSync(join(draft, 'pom.xml'), pom);
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(draft, 'jars')}`];
    execFileSync('mvn', ['-q', '-B', '-f', join(draft, 'pom.xml'), ...goal], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    writeFileSync(join(draft, 'temporal-test-server'), launcher(folder), { mode: 0o755 });
    // All at once: a test that runs beside this one finds the whole of it, or makes its own.
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return program;
}

/** A server whose time passes by itself while a client waits for the result of a run. */
export const startTimeSkipping = (): Promise<TestWorkflowEnvironment> =>
  TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testServer() } },
  });
