/**
 * THE table of rooms: what a folder holds, what its code touches, what it may import, and where its tests are.
 * eslint.config.js makes a rule of every row, the table of CONTRIBUTING.md is generated from it (npm run docs), and
 * test/tools/layout.test.ts holds the tree to it.
 *
 * `imports` and `types` name rooms, or layers and so all of their rooms. A room may always import itself; of `types` it
 * imports types alone.
 */
const nothing = 'nothing';

/** Layers, lowest first, each with its rows: room, what it holds, what it touches, what it imports, and the rest. */
const layers = {
  terms: [
    ['src/errors', 'the table of error codes and their fixes; the table of faults', nothing, []],
    ['src/kubernetes', 'objects, conditions, events, readiness; labels and names of our own', nothing, ['terms']],
    ['src/images', 'references, tags, values.yaml', nothing, ['terms']],
  ],
  spec: [
    [
      'src/spec',
      'the schema; a file becomes a Spec, or all its problems with line and column',
      nothing,
      ['terms', 'spec'],
      { types: ['src/distributions/federation'] },
    ],
    [
      'src/spec/sources',
      'where a spec comes from: YAML with places, values.yaml, environment',
      nothing,
      ['terms', 'spec'],
      { tests: 'test/spec' },
    ],
    ['src/spec/rules', 'what the schema cannot say', nothing, ['terms', 'spec'], { tests: 'test/spec' }],
  ],
  catalogue: [
    [
      'src/control-plane',
      'what the objects of every control plane are written with: kubeconfigs, identity, patches',
      nothing,
      ['terms', 'spec'],
      { tests: 'test/distributions' },
    ],
    ['src/cluster-dns', 'shapes of a cluster DNS, Corefile, kube-dns, proof of a name', nothing, ['terms', 'spec']],
    [
      'src/catalogue',
      'THE catalogue of steps, their facts, the one call and result of an activity',
      nothing,
      ['terms', 'spec'],
      { types: ['src/distributions/federation', 'activities'] },
    ],
    [
      'src/distributions',
      'what a control plane is: a record each, one table',
      nothing,
      ['terms', 'spec', 'catalogue', 'federation'],
    ],
  ],
  federation: [
    [
      'src/distributions/federation',
      'federation/v1beta1: manifests, Cluster API, steps, words',
      nothing,
      ['terms', 'spec', 'catalogue', 'federation'],
    ],
    [
      'src/distributions/federation/rules',
      'what the schema of its sections cannot say',
      nothing,
      ['terms', 'spec', 'catalogue'],
      { tests: 'test/spec' },
    ],
  ],
  graph: [
    [
      'src/graph',
      'spec and catalogue frozen into data; undo, membership, amendment',
      nothing,
      ['terms', 'spec', 'catalogue'],
    ],
    [
      'src/plan',
      'what `fedctl plan` shows and `up --plan` keeps to; the list of images',
      nothing,
      ['terms', 'spec', 'catalogue', 'graph'],
    ],
    [
      'src/status',
      'a federation as its clusters show it',
      nothing,
      ['terms', 'spec', 'catalogue', 'graph'],
      { tests: 'test/activities/status' },
    ],
    ['src/run', 'input, state and messages of a run', nothing, ['terms', 'spec', 'catalogue', 'graph']],
  ],
  machine: [['src/files', 'files of this machine: replaced at once, locked; kubeconfig files', 'files', []]],
  workflows: [['workflows', 'the interpreter of the frozen graph', 'Temporal', ['pure']]],
  clients: [
    ['activities/kit', 'failures, heartbeats, waits, redaction', 'its activity', ['pure']],
    ['activities/clients/kube', 'requests to Kubernetes', 'the network', ['pure', 'machine', 'clients']],
    ['activities/clients/dns', 'requests to DNS providers and name servers', 'the network', ['pure', 'clients']],
    ['activities/clients/registry', 'requests to registries, docker configs', 'the network', ['pure', 'clients']],
    ['activities/clients/engine', 'docker, podman, buildah, nerdctl', 'processes', ['pure', 'clients']],
  ],
  core: [['activities/core', 'step, owner, ledger, record, objects', 'clusters', ['pure', 'clients']]],
  nouns: [
    [
      'activities/images',
      'check, build, push, record',
      'processes, registries',
      ['pure', 'machine', 'clients', 'core'],
    ],
    ['activities/dns', 'zone, delegation, the record of the control plane', 'DNS', ['pure', 'clients', 'core']],
    [
      'activities/members',
      'a member: its identity, its registration; debts',
      'members',
      ['pure', 'clients', 'core', 'activities/control-plane'],
    ],
    [
      'activities/cluster-dns',
      'the cluster DNS of a member: edit, recycle, proof',
      'members',
      ['pure', 'clients', 'core', 'activities/members'],
    ],
    [
      'activities/control-plane',
      'what every control plane is made of: waits, Secrets, CA, claim, proof',
      'the host, its API',
      ['pure', 'clients', 'core'],
      { tests: 'test/activities/distributions' },
    ],
    [
      'activities/distributions/federation',
      'federation/v1beta1: the objects of its control plane, federated objects',
      'the host, the federation API',
      ['pure', 'federation', 'clients', 'core', 'nouns', 'activities/distributions'],
    ],
  ],
  seam: [
    [
      'activities/distributions',
      'the effects of a control plane: a record each, one table',
      nothing,
      ['pure', 'clients', 'core', 'nouns'],
    ],
  ],
  whole: [
    ['activities/preflight', 'what a turn-up needs', 'all', ['pure', 'clients', 'core', 'nouns', 'seam']],
    [
      'activities/preview',
      'what a turn-up would do',
      'all',
      ['pure', 'clients', 'core', 'nouns', 'seam'],
      { types: ['activities'] },
    ],
    [
      'activities/status',
      'a federation as it stands; logs of its pods',
      'all',
      ['pure', 'clients', 'core', 'nouns', 'seam'],
    ],
    ['activities/turn-down', 'federated objects, leftovers', 'all', ['pure', 'clients', 'core', 'nouns', 'seam']],
    ['activities', 'all activities by their names', nothing, ['pure', 'clients', 'core', 'nouns', 'seam', 'whole']],
  ],
  processes: [
    [
      'src/temporal',
      'how CLI and worker find Temporal; names that both know',
      'Temporal',
      ['pure'],
      { tests: 'test/workflows' },
    ],
    [
      'worker',
      'the process that does the work; local.ts, the one door by which the CLI runs activities itself',
      'Temporal',
      ['pure', 'machine', 'clients', 'core', 'nouns', 'seam', 'whole', 'workflows', 'src/temporal', 'sandbox'],
      { tests: 'test/workflows' },
    ],
  ],
  operator: [
    [
      'src/cli/io',
      'streams, exit codes, formats; what every command is given',
      'the terminal',
      ['pure', 'src/temporal'],
      { tests: 'test/cli' },
    ],
    [
      'src/cli/views',
      'text of results: trees, tables, events',
      nothing,
      ['pure', 'src/cli/io'],
      { types: ['activities/core'] },
    ],
    [
      'src/cli/files',
      "the operator's files: spec, values.yaml, kubeconfig, plan",
      'files',
      ['pure', 'machine', 'src/cli/io', 'src/cli/views'],
    ],
    [
      'src/cli/reads',
      'what is read from host and Temporal',
      'host, Temporal',
      ['pure', 'processes', 'src/cli/io', 'src/cli/views', 'src/cli/files'],
    ],
    [
      'src/cli/runs',
      'what starts, steers and follows a run',
      'Temporal',
      ['pure', 'processes', 'src/cli/io', 'src/cli/views', 'src/cli/files', 'src/cli/reads'],
    ],
    [
      'src/cli/commands',
      'a verb each: parse and delegate',
      nothing,
      ['pure', 'machine', 'processes', 'operator', 'sandbox', 'sandbox/outside'],
      { types: ['activities/status'] },
    ],
  ],
};

const pureLayers = ['terms', 'spec', 'catalogue', 'graph'];
/** Of one distribution: pure as well, but only its own effects and the table import it. */
const distributions = ['federation'];

const rowsOf = (layer) =>
  layers[layer].map(
    ([room, holds, touches, imports, { types = [], tests = `test/${room.replace(/^src\//, '')}` } = {}]) => ({
      layer,
      room,
      holds,
      touches,
      imports,
      types,
      tests,
      /** Its code also runs in the workflow sandbox. */
      isPure: [...pureLayers, ...distributions].includes(layer),
    }),
  );

export const rooms = Object.keys(layers).flatMap(rowsOf);

/** The rooms that names of rooms and layers stand for; `pure` is the first four layers. */
export const roomsIn = (names) =>
  names.flatMap((name) => {
    if (name === 'pure') return roomsIn(pureLayers);
    return name in layers ? layers[name].map(([room]) => room) : [name];
  });
