/** An app of the stack. */
export interface AppSettings {
  /** Namespace of the app's objects. */
  namespace: string;
}
