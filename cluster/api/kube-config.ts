/** What reads kubeconfigs of every sort. Without the rest of its library, which takes most of a second to load: load-kube-config.js bundles this file with all that it needs. */
export { KubeConfig } from '@kubernetes/client-node/dist/config.js';
