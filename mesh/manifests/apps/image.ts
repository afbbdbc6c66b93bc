const host =
  /(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?|\[[a-fA-F0-9:]+\]/;
const component = /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/;
const path = new RegExp(`${component.source}(?:/${component.source})*`);
const tag = /[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}/;
const digest = /[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}/;
const reference = new RegExp(
  `^(?<name>(?:(?:${host.source})(?::[0-9]+)?/)?${path.source})(?::${tag.source})?(?:@${digest.source})?$`,
);

/** Longest image name, without tag and digest. */
const longestName = 255;

/**
 * Why `image` is no image reference, or undefined for one that is. A container with one that is not stays in InvalidImageName.
 * https://github.com/distribution/reference (grammar)
 */
export function imageProblem(image: string): string | undefined {
  const name = reference.exec(image)?.groups?.['name'];
  if (name === undefined) {
    return 'an image must be [registry[:port]/]name[:tag][@digest], the name in lower case, e.g. docker.io/istio/pilot:1.30.3';
  }
  return name.length > longestName
    ? `an image name must have at most ${longestName} characters, this has ${name.length}`
    : undefined;
}
