import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';
import { httpStatusProblems, optionalPortProblems } from './numbers';
import { regexProblems } from './regex';

const kilobyte = 1024;

export function redirectProblems(redirect: Place): SchemaProblem[] {
  if (!redirect.isSet) return [];
  const { redirectCode, scheme } = { redirectCode: redirect.at('redirectCode'), scheme: redirect.at('scheme') };
  const says = ['uri', 'authority', 'scheme'].some((field) => redirect.at(field).text !== '');
  const goesToPort = redirect.at('port').isSet || redirect.at('derivePort').isSet;
  const code = redirectCode.number;
  return [
    ...when(!says && !goesToPort, () =>
      error(redirect, 'a redirect must change something: uri, authority, scheme or port'),
    ),
    ...when(code !== 0 && (code < 300 || code > 399), () =>
      error(redirectCode, `${shown(redirectCode)} is no redirect; allowed are 300 to 399`),
    ),
    ...when(!['', 'http', 'https'].includes(scheme.text), () =>
      error(scheme, `${shown(scheme)} is not allowed; allowed are http and https`),
    ),
    ...optionalPortProblems(redirect.at('port')),
  ];
}

export function directResponseProblems(response: Place): SchemaProblem[] {
  if (!response.isSet) return [];
  const { string, bytes } = { string: response.at('body', 'string'), bytes: response.at('body', 'bytes') };
  const size = string.isSet ? new TextEncoder().encode(string.text).length : Math.floor((bytes.text.length * 3) / 4);
  const body = response.at('body');
  return [
    ...httpStatusProblems(response.at('status')),
    ...when(size > 1024 * kilobyte, () =>
      error(body, `the body has ${size} bytes; allowed is 1 MB, which every proxy would hold`),
    ),
    ...when(size > 100 * kilobyte && size <= 1024 * kilobyte, () =>
      warning(body, `the body has ${size} bytes, which every proxy holds; from 100 kB on the control plane suffers`),
    ),
  ];
}

export function rewriteProblems(rewrite: Place): SchemaProblem[] {
  if (!rewrite.isSet) return [];
  const { uri, regex, authority } = {
    uri: rewrite.at('uri'),
    regex: rewrite.at('uriRegexRewrite'),
    authority: rewrite.at('authority'),
  };
  if (uri.text !== '' && regex.isSet) return [error(rewrite, 'only one of uri and uriRegexRewrite can be set')];
  if (uri.text === '' && !regex.isSet && authority.text === '')
    return [error(rewrite, 'a rewrite must change something: uri, uriRegexRewrite or authority')];
  if (!regex.isSet) return [];
  const missing = ['match', 'rewrite'].filter((field) => regex.at(field).text === '');
  if (missing.length > 0) return missing.map((field) => error(regex.at(field), 'is required, and must not be empty'));
  return regexProblems(regex.at('match'));
}
