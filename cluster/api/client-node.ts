/** The two parts of @kubernetes/client-node in use. load-client-node.js bundles this file: to load the whole library takes most of a second. */
export { KubeConfig } from '@kubernetes/client-node/dist/config.js';

/** Loaded on demand, because few commands forward ports. */
export const loadPortForward = () => import('@kubernetes/client-node/dist/portforward.js');
