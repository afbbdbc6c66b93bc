/** Settings that may hold secrets. */
export interface SecretOptions {
  /** The settings hold secrets: values and specs are encrypted in the state and hidden in previews. Defaults to false. The data of a Secret are encrypted in any case. */
  secret?: boolean;
}
