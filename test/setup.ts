import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

// What fails on purpose in a test is told by the test, not by Temporal's log. Loaded once a worker.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} } },
});
