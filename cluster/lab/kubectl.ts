/** The environment in which kubectl, and programs like it, find the lab and leave the home directory alone. */
export function kubectlEnvironment(kubeconfig: string, cacheDir: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: cacheDir,
    KUBERC: 'off', // kubectl 1.34 and newer
    KUBECTL_KUBERC: 'false', // kubectl 1.33
  };
}
