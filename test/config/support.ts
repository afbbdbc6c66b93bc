import { parseStack } from '../../config/parse';
import type { Problem } from '../../config/problem';
import { parseStackText } from '../../config/stack-text';

/** The problems of a stack of one namespace with these routes. */
export function routeProblems(routes: Record<string, unknown>): Problem[] {
  return problemsOf({ namespaces: { bookinfo: {} }, routes: { bookinfo: routes } });
}

/** The problems of these sections; empty if they are valid. */
export function problemsOf(sections: unknown): Problem[] {
  const parsed = parseStack(sections);
  return 'problems' in parsed ? parsed.problems : [];
}

/** The problems of a file. */
export function textProblems(text: string): Problem[] {
  const parsed = parseStackText(text, 'Pulumi.test.yaml');
  return 'problems' in parsed ? parsed.problems : [];
}

/** A problem in the file of {@link textProblems}. */
export function inFile(problem: Problem, line: number, column: number): Problem {
  return { ...problem, file: 'Pulumi.test.yaml', line, column };
}
