import {
  endOf,
  type FaultClient,
  type FaultEnd,
  type FaultName,
  faults,
  faultTable,
  type Verdict,
} from '../../src/errors/faults.ts';
import { cell, code, generated, page, table } from './markdown.ts';

const ends: Readonly<Record<FaultEnd, string>> = {
  retried:
    'retried by Temporal, with back-off or when the server says (Retry-After); parks when the time of the step is used up',
  parked: 'the step is blocked at once, its siblings go on: a person has to do something, then `fedctl retry`',
  value: 'no failure: the step goes on with what is said here',
};

const names = Object.keys(faults) as FaultName[];

function said(verdict: Verdict): string {
  const what =
    typeof verdict === 'object' ? cell(verdict.value) : `[${code(verdict)}](errors.md#${verdict.toLowerCase()})`;
  return `${endOf(verdict)}: ${what}`;
}

/** Calls in which a fault comes to something else than usual. */
function exceptions(client: FaultClient, fault: FaultName): string {
  const other = Object.entries(client.calls).flatMap(([call, verdicts]) => {
    const verdict = verdicts[fault];
    return verdict ? [`${code(call)} ${said(verdict)}`] : [];
  });
  return other.join('<br>');
}

function section(client: FaultClient): string[] {
  const calls = Object.keys(client.calls).map(code).join(', ');
  return [
    `## ${client.title}`,
    `Kinds of call: ${calls}.`,
    table(
      ['fault', 'what happens', 'but'],
      names.map((fault) => [fault, said(client.usual[fault]), exceptions(client, fault)]),
    ),
  ];
}

/** docs/faults.md: what happens when a request fails. */
export function faultsPage(): string {
  return page(
    generated('src/errors/faults.ts'),
    '# When a request fails',
    'Clients of fedctl do not retry; Temporal does. The one exception is rejected credentials: they are read again ' +
      '(the kubeconfig, the files it names, the output of its exec plugin; the key of a DNS provider), and the request ' +
      'is sent once more. Every other failure gets an error code, and the code decides what the run does. ' +
      '`test/activities/clients/faults.test.ts` tests every line with real servers behind a faulty proxy.',
    table(
      ['fault', 'means'],
      Object.entries(faults).map(([fault, meaning]) => [fault, cell(meaning)]),
    ),
    table(
      ['what happens', 'means'],
      Object.entries(ends).map(([end, meaning]) => [end, meaning]),
    ),
    ...Object.values(faultTable).map(section),
  );
}
