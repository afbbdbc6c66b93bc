/** An image reference in the pieces that charts ask for. */
export interface ImageParts {
  /** With the registry, if there is one. */
  repository: string;
  tag?: string;
  /** e.g. `sha256:0123…` */
  digest?: string;
}

/** Takes apart a valid image reference. A colon after the last slash starts the tag; before it, a port. */
export function imageParts(image: string): ImageParts {
  const [named = '', digest] = image.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const repository = colon < 0 ? named : named.slice(0, colon);
  return {
    repository,
    ...(colon < 0 ? {} : { tag: named.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}
