import { defineErrors } from './types.ts';

/** Codes about images, engines and registries. */
export const imagesErrors = defineErrors({
  IMAGE_NOT_FOUND: {
    retry: 'never',
    title: 'the registry does not have the image',
    fix: (d) => [
      `check name and version in the spec: ${d['image'] ?? 'the image named above'}`,
      'an image that moved elsewhere: images.mirrors; one to be built from source: images.build',
      'then: fedctl retry NAME preflight/images',
    ],
  },
  IMAGE_PLATFORM: {
    retry: 'never',
    title: 'the image has no variant for the platform of the nodes of the host cluster',
    fix: (d) => [
      `name an image that has ${d['platform'] ?? 'their platform'}, by another tag or digest`,
      'or build it from source there: images.build',
      'then: fedctl retry NAME preflight/images',
    ],
  },
  IMAGE_REFERENCE: {
    retry: 'never',
    title: 'not a valid image reference',
    fix: () => ['set registry, name and version of the image in the spec; the form is registry/name:tag'],
  },
  REGISTRY_DENIED: {
    retry: 'never',
    title: 'the registry denied access',
    fix: (d) => [
      `log the worker in at ${d['registry'] ?? 'the registry'}, or name a docker config file with its credentials in images.pullSecret.fromDockerConfig`,
      'many registries answer the same for a repository that does not exist: check the name too',
    ],
  },
  REGISTRY_READ_ONLY: {
    retry: 'never',
    title: 'the registry is read-only',
    fix: (d) => [
      `end the read-only mode (maintenance) of ${d['registry'] ?? 'the registry'}, or push elsewhere: images.build.push.registry`,
      'a pull-through cache is always read-only: push to the registry that it caches',
    ],
  },
  REPOSITORY_MISSING: {
    retry: 'never',
    title: 'the registry has no such repository to push to',
    fix: () => [
      'create the repository named above at the registry (some, such as Amazon ECR, do not make it by themselves)',
      'or correct images.build.push.registry and the names of the components',
    ],
  },
  REGISTRY_TLS: {
    retry: 'never',
    title: 'the TLS certificate of the registry is not trusted',
    fix: (d) => [
      'a registry with a CA of its own: name the CA in images.caFile',
      `one without TLS, or with any certificate: add ${d['registry'] ?? 'its host:port'} to images.insecureRegistries`,
    ],
  },
  REGISTRY_ANSWER: {
    retry: 'never',
    title: 'unexpected response from the registry',
    fix: (d) => [
      `check that ${d['registry'] ?? 'the host'} is a container registry (HTTP API v2), and any proxy in front of it`,
      'then: fedctl retry NAME',
    ],
  },
  DIGEST_MISMATCH: {
    retry: 'never',
    title: 'the digest at the registry is not the expected one',
    fix: () => [
      'check whether somebody else pushes to this name, and whether a cache in front of the registry is broken',
      'then: fedctl retry NAME',
    ],
  },
  TAG_IMMUTABLE: {
    retry: 'never',
    title: 'another image has this tag, and the registry does not allow tags to be overwritten',
    fix: () => [
      'choose an unused tag: images.build.push.tag, KUBE_VERSION, or a new tag in git',
      'or leave the tag out of the spec where the source has none: it is then derived from the content',
    ],
  },
  PULL_SECRET: {
    retry: 'never',
    title: 'the pull secret cannot be made from the docker config file',
    fix: () => [
      'name a file of the worker in images.pullSecret.fromDockerConfig that has the credentials under auths',
      'credential helpers (credsStore) cannot be used in pods: log in with another --authfile or DOCKER_CONFIG',
    ],
  },
  BUILD_SOURCE_MISSING: {
    retry: 'never',
    title: 'the build source or its Dockerfile does not exist',
    fix: () => ['correct images.build.source and images.build.dockerfile; they are paths of the worker'],
  },
  ENGINE_NOT_FOUND: {
    retry: 'never',
    title: 'the worker has no engine that builds images',
    fix: (d) => [
      `install ${d['engine'] ?? 'docker, podman, buildah or nerdctl'} where the worker runs`,
      'or name another in images.build.engine',
    ],
  },
  ENGINE_CA: {
    retry: 'never',
    title: 'the engine does not trust the CA of the registry',
    fix: (d) => [
      `copy the file of images.caFile to ${d['file'] ?? '/etc/docker/certs.d/HOST:PORT/ca.crt'} where the engine's daemon runs`,
      'or build with podman or buildah, which take images.caFile: images.build.engine',
    ],
  },
  BUILD_FAILED: {
    retry: 'never',
    title: 'the build failed',
    fix: (d) => [`read the whole log on the worker: ${d['log'] ?? 'see the message above'}`, 'then: fedctl retry NAME'],
  },
  BUILD_HUNG: {
    retry: 'never',
    title: 'a command of the build printed nothing for too long and was killed',
    fix: (d) => [
      `read the whole log on the worker: ${d['log'] ?? 'see the message above'}`,
      'a build that needs longer without output: images.build.silentFor; then: fedctl retry NAME',
    ],
  },
  DISK_FULL: {
    retry: 'never',
    title: 'the disk of the worker is full or read-only',
    fix: (d) => [
      `free disk space where ${d['path'] ?? 'the worker and its engine keep their files'}${d['path'] ? ' is' : ''}`,
      'remove unused images with the prune command of the engine; then: fedctl retry NAME',
    ],
  },
  IMAGE_NOT_BUILT: {
    retry: 'never',
    title: 'the engine no longer has the image that was built',
    fix: () => ['build it again: fedctl retry NAME images/build'],
  },
  PUSH_FAILED: {
    retry: 'soon',
    title: 'the image could not be pushed',
    fix: (d) => [
      `check that ${d['registry'] ?? 'the registry'} can be reached by the engine of the worker, and has free space`,
      'a registry without TLS: name it in images.insecureRegistries (docker: also in insecure-registries of its daemon)',
      `read the whole log on the worker: ${d['log'] ?? 'see the message above'}`,
    ],
  },
});
