/** What a new cluster gets before anybody uses it. */
export { ensureIstioCrds } from './istio-crds';
export { ensureNodes } from './nodes';
