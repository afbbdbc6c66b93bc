/** The HTTP methods that IANA registers; they are case-sensitive. https://www.iana.org/assignments/http-methods */
const methods =
  `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF
MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF
VERSION-CONTROL`.split(/\s+/);

/** Whether a method of an AuthorizationPolicy, with `*` at one end for any text, can be that of a request. */
export function isMethodPattern(pattern: string): boolean {
  if (pattern === '*') return true;
  if (pattern.endsWith('*')) return methods.some((method) => method.startsWith(pattern.slice(0, -1)));
  if (pattern.startsWith('*')) return methods.some((method) => method.endsWith(pattern.slice(1)));
  return methods.includes(pattern);
}
