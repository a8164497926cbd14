import type { Verb } from './io/command.ts';

/** Every command, in the order of the list that `fedctl --help` prints. */
export const verbs = {
  init: {
    usage: '[dir]',
    summary: 'write a commented federation.yaml',
    load: async () => (await import('./commands/init.ts')).configureInit,
  },
  check: {
    usage: '-f FILE',
    summary: 'check everything a turn-up needs; writes nothing',
    load: async () => (await import('./commands/check.ts')).configureCheck,
  },
  plan: {
    usage: '-f FILE',
    summary: 'show what a turn-up would create, change or delete',
    load: async () => (await import('./commands/plan.ts')).configurePlan,
  },
  up: {
    usage: '-f FILE',
    summary: 'turn a federation up, or bring it in line with its file',
    load: async () => (await import('./commands/up.ts')).configureUp,
  },
  status: {
    usage: '[NAME]',
    summary: 'show the state of a federation and its run',
    load: async () => (await import('./commands/status.ts')).configureStatus,
  },
  retry: {
    usage: '[NAME] [STEP...]',
    summary: 'retry blocked steps now',
    load: async () => (await import('./commands/retry.ts')).configureRetry,
  },
  skip: {
    usage: 'NAME STEP',
    summary: 'skip a blocked step and go on',
    load: async () => (await import('./commands/skip.ts')).configureSkip,
  },
  pause: {
    usage: '[NAME]',
    summary: 'pause a run before its next steps',
    load: async () => (await import('./commands/pause.ts')).configurePause,
  },
  resume: {
    usage: '[NAME]',
    summary: 'resume a paused run',
    load: async () => (await import('./commands/pause.ts')).configureResume,
  },
  cancel: {
    usage: '[NAME]',
    summary: 'cancel a run; the objects it made are kept',
    load: async () => (await import('./commands/cancel.ts')).configureCancel,
  },
  down: {
    usage: '[NAME]',
    summary: 'turn a federation down: remove what fedctl made',
    load: async () => (await import('./commands/down.ts')).configureDown,
  },
  join: {
    usage: '[NAME] [CLUSTER...]',
    summary: 'add a member cluster',
    load: async () => (await import('./commands/join.ts')).configureJoin,
  },
  unjoin: {
    usage: 'NAME CLUSTER...',
    summary: 'remove a member cluster',
    load: async () => (await import('./commands/unjoin.ts')).configureUnjoin,
  },
  list: {
    usage: '',
    summary: 'list the federations in Temporal',
    load: async () => (await import('./commands/list.ts')).configureList,
  },
  objects: {
    usage: '[NAME]',
    summary: 'list every object that fedctl made, with its UID',
    load: async () => (await import('./commands/objects.ts')).configureObjects,
  },
  explain: {
    usage: '[STEP|CODE]',
    summary: 'explain a step or an error code',
    load: async () => (await import('./commands/explain.ts')).configureExplain,
  },
  logs: {
    usage: '[NAME] [STEP]',
    summary: 'show the build log and the logs of the control plane',
    load: async () => (await import('./commands/logs.ts')).configureLogs,
  },
  kubeconfig: {
    usage: '[NAME]',
    summary: 'write the context of a federation into your kubeconfig',
    load: async () => (await import('./commands/kubeconfig.ts')).configureKubeconfig,
  },
  images: {
    usage: 'list|build|push|cancel',
    summary: 'list, build or push control-plane images',
    load: async () => (await import('./commands/images.ts')).configureImages,
  },
  completion: {
    usage: 'bash|zsh|fish',
    summary: 'print the completion script for a shell',
    load: async () => (await import('./commands/completion.ts')).configureCompletion,
  },
  worker: {
    usage: '',
    summary: 'run a Temporal worker for fedctl',
    load: async () => (await import('./commands/worker.ts')).configureWorker,
  },
  sandbox: {
    usage: 'up|status|env|down',
    summary: 'real clusters, DNS and registry on this one machine',
    load: async () => (await import('./commands/sandbox.ts')).configureSandbox,
  },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof verbs;
