/** Control characters except the tab. */
const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * Why Envoy would refuse a header's value, or undefined. `%NAME%` and `%NAME(arguments)%` are Envoy's command operators, `%%` is a percent sign; arguments are text,
 * or a list of quoted texts.
 */
export function whyNoHeaderValue(value: string): string | undefined {
  if (controls.test(value)) return 'it has control characters';
  let rest = value;
  for (let start = rest.indexOf('%'); start >= 0; start = rest.indexOf('%')) {
    const after = rest.slice(start + 1);
    const length = after.startsWith('%') ? 1 : operatorLength(after);
    if (length === undefined)
      return 'a "%" begins an operator such as %DOWNSTREAM_REMOTE_ADDRESS% that does not end; write %% for a percent sign';
    rest = after.slice(length);
  }
  return undefined;
}

const operator = /^[^%(]*%/;
const operatorWithText = /^[^%(]*\( *[^ [](?:\\.|[^\\)])*\) *%/s;
const operatorWithEmptyArguments = /^[^%(]*\( *\) *%/;
const operatorWithList = /^[^%(]*\( *\[ *"(?:\\.|[^"\\])*"(?: *, *"(?:\\.|[^"\\])*")* *\] *\) *%/s;

/** Length of the operator that a text begins with, its last `%` included. */
function operatorLength(text: string): number | undefined {
  const forms = [operator, operatorWithList, operatorWithEmptyArguments, operatorWithText];
  return forms.map((form) => form.exec(text)?.[0].length).find((length) => length !== undefined);
}
