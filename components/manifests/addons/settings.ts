/** Telemetry addons and cert-manager, each switched on by its key. */
export interface AddonsSettings {
  /** cert-manager, through @pulumi/kubernetes-cert-manager. Off unless the key is there. */
  certManager?: CertManagerSettings;
}

export interface CertManagerSettings {
  /** Namespace of cert-manager. Defaults to `cert-manager`. */
  namespace?: string;
  /** Chart version. Defaults to the one the Pulumi package picks. */
  version?: string;
  /** The ClusterIssuer to make: name → cert-manager's issuer spec, verbatim. Defaults to `selfsigned` with a self-signed issuer. */
  issuer?: { name: string; spec: Record<string, unknown> };
}
