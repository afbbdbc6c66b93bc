/** Where requests go, and how they are treated: service or gateway → class of requests → split. */
export declare const traffic: unknown;
/** Address of each gateway. */
export declare const addresses: Record<string, string>;
