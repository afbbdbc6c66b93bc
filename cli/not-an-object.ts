import { basename } from 'node:path';
import { isMap } from '../mesh/json';
import type { InputFile } from './files';

/** Why a document is left out; undefined for a Kubernetes object, even a broken one. */
export function skipReason(value: unknown, { name: path }: Pick<InputFile, 'name'>): string | undefined {
  const name = basename(path);
  if (Array.isArray(value)) return isJsonPatch(value) ? 'a JSON patch' : 'a list, not a Kubernetes object';
  if (!isMap(value)) return 'a single value, not a Kubernetes object';
  const { apiVersion, kind } = value;
  if (isMap(value['sops'])) return 'encrypted with SOPS; decrypt it first to check it';
  if (typeof apiVersion === 'string' && typeof kind === 'string') return configurationReason(value, apiVersion, kind);
  if (/^kustomization\.ya?ml$/i.test(name)) return kustomization;
  if (isMap(value['config']) && !('kind' in value)) return 'a stack file';
  if ('runtime' in value && 'name' in value) return 'a Pulumi project file';
  if (/^Chart\.ya?ml$/.test(name)) return 'the description of a Helm chart';
  if (/^values[\w.-]*\.(ya?ml|json)$/.test(name)) return 'values of a Helm chart; pass the output of `helm template`';
  if (isMap(value['jobs']) && (path.includes('.github/workflows') || 'on' in value || 'true' in value))
    return 'a workflow of GitHub Actions';
  if (isMap(value['services']) && (/compose/i.test(name) || Object.values(value['services']).some(isComposeService)))
    return 'a Compose file';
  if ('$patch' in value) return 'a patch';
  // A document with only one of the two keys is probably an object whose other key was forgotten.
  if ((typeof apiVersion === 'string') !== (typeof kind === 'string') && isMap(value['metadata'])) return undefined;
  return 'no apiVersion and kind';
}

const kustomization = 'a kustomization; pass the output of `kustomize build`';

/** API groups of files that configure programs. They have no metadata and never reach an API server. */
const configurationGroups =
  /^(?:.*\.config\.k8s\.io|kubeadm\.k8s\.io|audit\.k8s\.io|client\.authentication\.k8s\.io|kind\.x-k8s\.io|skaffold)$/;

/** API groups whose `…Config` and `…Configuration` kinds are objects. */
const configurationObjects = /^(?:admissionregistration\.k8s\.io|.*\.istio\.io)$/;

function configurationReason(value: Record<string, unknown>, apiVersion: string, kind: string): string | undefined {
  const group = apiVersion.split('/')[0] ?? '';
  if (group === 'kustomize.config.k8s.io') return kustomization;
  if (apiVersion === 'v1' && kind === 'Config') return 'a kubeconfig';
  const isSettings = /Config(?:uration)?$/.test(kind) && !('metadata' in value) && !configurationObjects.test(group);
  if (isSettings || configurationGroups.test(group)) return `${kind} of ${group}, a configuration file`;
  if ('$patch' in value) return 'a patch';
  if (group === 'install.istio.io') return `settings of istioctl (${kind}), which no API server takes`;
  const { name, namespace } = isMap(value['metadata']) ? value['metadata'] : {};
  const isTemplate = [apiVersion, kind, name, namespace].some(
    (text) => typeof text === 'string' && /\{\{|<%/.test(text),
  );
  if (isTemplate) return 'an unrendered template; render it first';
  const isCore = /^(?:v1|apps\/|batch\/|[^/]*\.(?:k8s|istio)\.io\/)/.test(apiVersion);
  return isCore || 'metadata' in value || 'items' in value ? undefined : `${kind} of ${group} without metadata`;
}

function isJsonPatch(list: unknown[]): boolean {
  return list.length > 0 && list.every((entry) => isMap(entry) && 'op' in entry && 'path' in entry);
}

function isComposeService(service: unknown): boolean {
  return isMap(service) && ('image' in service || 'build' in service);
}

/** What a Kubernetes object lacks. */
export function whyNoObject(value: unknown): string | undefined {
  if (!isMap(value)) return 'not a Kubernetes object, which is a map with apiVersion, kind and metadata';
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'apiVersion is missing';
  if (typeof kind !== 'string' || kind === '') return 'kind is missing';
  if (!isMap(metadata)) return `${kind} without metadata`;
  const { name, generateName } = metadata;
  if (typeof name === 'string' && name !== '') return undefined;
  return typeof generateName === 'string' && generateName !== '' ? undefined : `${kind} without metadata.name`;
}
