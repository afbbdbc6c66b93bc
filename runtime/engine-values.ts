/** How Pulumi's engine encodes values that JSON does not have (sdk/go/common/resource/properties.go and plugin/rpc.go). */

/** The key that marks a special value, such as a secret. */
export const specialKey = '4dabf18193072939515e22adb298388d';
/** The value of {@link specialKey} in a secret. */
export const secretMark = '1b47061264138c4ac30d75fd1eb44270';
/** A string that is known only after an update; events have it for values of any type. */
export const unknownString = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
