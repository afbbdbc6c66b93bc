/** The policy pack as one file of JavaScript; what it needs of Pulumi is found at run time. */
export function bundle(): string;
