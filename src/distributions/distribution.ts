import type { StepDefinition } from '../catalogue/definition.ts';
import type { KubeObject, ObjectRef } from '../kubernetes/objects.ts';
import type { SpecPart } from '../spec/part.ts';
import type { ClusterSpec, Spec } from '../spec/schema.ts';

/** A program of the control plane, as the host runs it. */
export interface Component {
  /** Name of its workload in the host namespace, and value of label `module` of its pods. */
  name: string;
  kind: 'Deployment' | 'StatefulSet';
  /** Key of its image: in `spec.images`, in the facts of the steps that check and record images, and in the record. */
  image: string;
  /** Clients reach the API of the control plane through its Service. One component has it. */
  address?: true;
  /** How the ids of those steps begin whose failure its log explains. */
  explains: readonly string[];
}

/** An image that the pods of a turn-up pull. */
export interface DistributionImage {
  /** Key of the image; see `Component.image`. Neither `there`, `platforms` nor `version`: facts beside them go by these. */
  key: string;
  /** Field of the spec that names it, dotted: what errors say. */
  field: string;
  /** Reference as the spec has it, with neither mirrors nor digests. */
  reference: string;
  /** Field that must be set for the reference to be one, and is not; `images.build` does without it. */
  lacks?: string;
  /** The image's name alone, where `images.build` builds it: the field's `name`; absent: it is never built. */
  builtAs?: string;
}

/** Names of objects in the host namespace that others than the distribution's own code ask for. They are API. */
export interface DistributionNames {
  /** Value of label `app` of everything of the control plane. */
  app: string;
  /** Secret, key `kubeconfig`: the way into the API of the control plane. */
  adminKubeconfig: string;
  /** Secret of type kubernetes.io/dockerconfigjson. */
  pullSecret: string;
  /** Host name of the record that `dns.apiserverRecord` asks for, in the zone's domain. */
  apiserverRecord: (domain: string) => string;
}

/** A Secret of the host namespace with a certificate that `status` tells the end of. */
export interface CertifiedSecret {
  secret: string;
  /** Key that holds the certificate as PEM; `kubeconfig`: it is the client certificate of that kubeconfig. */
  key: string;
}

/** Steps by id, in the order people see them. */
export type StepTable = Readonly<Record<string, StepDefinition>>;

/** What the object that registers a member is made of. */
export interface MemberInput {
  cluster: ClusterSpec;
  uuid: string;
  /** Server of the member's context: the default address. */
  contextServer: string;
  secretName: string;
  /** resourceVersion of that Secret. */
  secretVersion: string;
}

/**
 * How to get from what is there to what is wanted. `create-again`: what changed is one that the control plane never
 * notices in an object that stands.
 */
export type MemberChange = { how: 'keep' } | { how: 'patch'; patch: object } | { how: 'create-again'; why: string };

/** The kind by which the API of the control plane keeps its members, as pure functions. */
export interface MemberKind {
  apiVersion: string;
  kind: string;
  ref: (name: string) => ObjectRef;
  /** The object as it should be, with our labels. */
  wanted: (input: MemberInput) => KubeObject;
  change: (found: KubeObject, wanted: KubeObject) => MemberChange;
  /** '' when the control plane reports it Ready, else why not yet, in a person's words. */
  readiness: (found: KubeObject) => string;
  /** Whether it carries this uuid. */
  isOurs: (found: KubeObject, uuid: string) => boolean;
  /** URL by which the control plane reaches the member; undefined: the object names none. */
  server: (found: KubeObject) => string | undefined;
}

/** Words by which people know the parts of the control plane, where texts of all distributions name them. */
export interface DistributionWords {
  /** What it is, where messages speak of its API: `not registered with the federation`. */
  noun: string;
  /** What one pulls or builds: an example of an image, and the name that needs no saying, for `init` and its errors. */
  image: string;
  imageName: string;
  /** What `init` calls the image in the YAML it writes, and the command that builds its binaries. */
  anchor: string;
  build: string;
  /** Names that fixes of errors give where an error brings none, by the key of its data: what `explain` shows. */
  objects: Readonly<Record<string, string>>;
}

/**
 * A kind of control plane, in full: what it is called and what it does, as plain data and pure functions. Its effects are
 * activities, in `activities/distributions/<id>/`, and its steps name them.
 */
export interface Distribution {
  /** Value of `spec.distribution`. */
  id: string;
  /** In the order in which people see them. */
  components: readonly Component[];
  /** Every image that the pods of a turn-up pull, in the order of the spec. They stand in its section `images`. */
  images: (spec: Pick<Spec, 'images'>) => DistributionImage[];
  names: DistributionNames;
  /** Secrets with certificates, in the order in which status tells them; the one of the authority first. */
  certificates: readonly CertifiedSecret[];
  spec: SpecPart;
  /** What a turn-up does in the host: steps of all distributions (src/catalogue) and its own. */
  hostSteps: StepTable;
  /** The steps of one member; `{cluster}` stands for its name. */
  memberSteps: StepTable;
  /** Host steps that are done before the first member starts. */
  membersNeed: readonly string[];
  /** Host steps that a join does again. */
  joinSteps: readonly string[];
  /** What a turn-down does first, while the control plane still answers: one after another. */
  beforeDown: StepTable;
  member: MemberKind;
  words: DistributionWords;
}
