import { eventually, layout, type Operator } from './world.ts';

const namespace = 'default';

/** What became of lookups in a pod: one fails when both of its tries, of two seconds each, are lost. */
export interface Lookups {
  asked: number;
  lost: number;
  failed: number;
}

/** One try of two seconds a turn; `nslookup` says of one that got no answer at all that it timed out. */
const script = (name: string): string => `
asked=0; lost=0; failed=0
try() { case "$(nslookup -type=a -retry=1 -timeout=2 ${name} 2>&1)" in *"timed out"*|*efused*) return 1;; esac; }
while :; do
  asked=$((asked+1))
  try || { lost=$((lost+1)); try || { lost=$((lost+1)); failed=$((failed+1)); }; }
  echo "$asked $lost $failed"
  sleep 0.05
done`;

/** A pod of the host cluster that looks names up by the cluster's own DNS, as any other pod does. */
export class DnsPod {
  readonly #operator: Operator;
  readonly #name: string;

  private constructor(operator: Operator, name: string) {
    this.#operator = operator;
    this.#name = name;
  }

  /** Starts one that looks `name` up without end. */
  static async start(operator: Operator, name: string): Promise<DnsPod> {
    const pod = `lookups-${operator.env['FEDCTL_TASK_QUEUE'] ?? ''}`;
    const overrides = { spec: { terminationGracePeriodSeconds: 0 } };
    await operator.kubectl(
      'host',
      ...['run', pod, '-n', namespace, '--restart=Never', `--image=${layout.registry}/busybox:1.35`],
      ...[`--overrides=${JSON.stringify(overrides)}`, '--command', '--', 'sh', '-c', script(name)],
    );
    const started = new DnsPod(operator, pod);
    await eventually(async () => (await started.sofar()).asked > 0, 'the first lookup');
    return started;
  }

  /** How its lookups went so far. */
  async sofar(): Promise<Lookups> {
    const line = await this.#operator.kubectl('host', 'logs', '-n', namespace, this.#name, '--tail=1');
    const [asked = 0, lost = 0, failed = 0] = line.split(' ').map(Number);
    return { asked, lost, failed };
  }

  /** Lookups while something is done. */
  async during<T>(work: () => Promise<T>): Promise<{ result: T; lookups: Lookups }> {
    const before = await this.sofar();
    const result = await work();
    const after = await this.sofar();
    const since = (key: keyof Lookups): number => after[key] - before[key];
    return { result, lookups: { asked: since('asked'), lost: since('lost'), failed: since('failed') } };
  }

  /** All that nslookup in this pod says of a name. */
  async lookUp(name: string): Promise<string> {
    const ask = ['nslookup', '-type=a', '-retry=2', '-timeout=4', name];
    const argv = ['kubectl', '--context=host', 'exec', '-n', namespace, this.#name, '--', ...ask];
    const { stdout, stderr } = await this.#operator.run(argv);
    return `${stdout}${stderr}`;
  }

  async end(): Promise<void> {
    await this.#operator.kubectl('host', 'delete', 'pod', this.#name, '-n', namespace, '--ignore-not-found');
  }
}

/** One line for people. */
export const sayLookups = (what: string, { asked, lost, failed }: Lookups): string =>
  `${what}: ${asked} lookups of two tries of two seconds each, ${lost} packets lost, ${failed} lookups failed`;
