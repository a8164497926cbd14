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
    title: 'the image is not for the machines of the host cluster',
    fix: (d) => [
      `name an image that has ${d['platform'] ?? 'their platform'}, by another tag or digest`,
      'or build it from source there: images.build',
      'then: fedctl retry NAME preflight/images',
    ],
  },
  IMAGE_REFERENCE: {
    retry: 'never',
    title: 'this is no reference to an image',
    fix: () => ['set registry, name and version of the image in the spec; the form is registry/name:tag'],
  },
  REGISTRY_DENIED: {
    retry: 'never',
    title: 'the registry does not allow this',
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
    title: 'the registry does not prove who it is',
    fix: (d) => [
      'a registry with a CA of its own: name the CA in images.caFile',
      `one without TLS, or with any certificate: add ${d['registry'] ?? 'its host:port'} to images.insecureRegistries`,
    ],
  },
  REGISTRY_ANSWER: {
    retry: 'never',
    title: 'the registry answers what no registry should',
    fix: (d) => [
      `check that ${d['registry'] ?? 'the host'} is a container registry (HTTP API v2), and what stands before it`,
      'then: fedctl retry NAME',
    ],
  },
  DIGEST_MISMATCH: {
    retry: 'never',
    title: 'the registry has another image under this name than it should',
    fix: () => [
      'look for whoever else pushes under this name, and for a cache before the registry that is broken',
      'then: fedctl retry NAME',
    ],
  },
  TAG_IMMUTABLE: {
    retry: 'never',
    title: 'the registry has another image under this tag, and does not let it change',
    fix: () => [
      'name a tag that is free: images.build.push.tag, KUBE_VERSION, or a new tag in git',
      'or leave it out of the spec where the source has none: then the content names itself',
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
    title: 'there is nothing to build the image from',
    fix: () => ['correct images.build.source and images.build.dockerfile; they are paths of the worker'],
  },
  ENGINE_NOT_FOUND: {
    retry: 'never',
    title: 'the worker has no program that builds images',
    fix: (d) => [
      `install ${d['engine'] ?? 'docker, podman, buildah or nerdctl'} where the worker runs`,
      'or name another in images.build.engine',
    ],
  },
  ENGINE_CA: {
    retry: 'never',
    title: 'the engine does not know the CA of the registry',
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
    title: 'a command of the build said nothing for too long and was ended',
    fix: (d) => [
      `read the whole log on the worker: ${d['log'] ?? 'see the message above'}`,
      'a build that is silent for long: images.build.silentFor; then: fedctl retry NAME',
    ],
  },
  DISK_FULL: {
    retry: 'never',
    title: 'the machine of the worker has no room left, or lets nothing be written',
    fix: (d) => [
      `make room where ${d['path'] ?? 'the worker and its engine keep their files'}${d['path'] ? ' is' : ''}`,
      'images that nobody needs any more: the prune command of the engine; then: fedctl retry NAME',
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
      `check that ${d['registry'] ?? 'the registry'} can be reached by the engine of the worker, and has room`,
      'a registry without TLS: name it in images.insecureRegistries (docker: also in insecure-registries of its daemon)',
      `read the whole log on the worker: ${d['log'] ?? 'see the message above'}`,
    ],
  },
});
