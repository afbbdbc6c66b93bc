const highestPort = 65535;

export function portProblem(port: number): string | undefined {
  return Number.isInteger(port) && port >= 1 && port <= highestPort
    ? undefined
    : `a port must be a whole number from 1 to ${highestPort}`;
}

/** Why `name` cannot name a container's port: IANA service names, RFC 6335. */
export function portNameProblem(name: string): string | undefined {
  const valid = name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
  return valid
    ? undefined
    : 'the name of a container port must have at most 15 lower-case letters, digits and single "-" between them, and at least one letter';
}
