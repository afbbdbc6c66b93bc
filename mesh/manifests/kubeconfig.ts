/** Whether a kubeconfig, as Pulumi's Kubernetes provider takes it, is given as a text and not as the path of a file. A text holds credentials. */
export function isKubeconfigText(kubeconfig: string): boolean {
  return kubeconfig.includes('\n') || kubeconfig.trimStart().startsWith('{');
}
