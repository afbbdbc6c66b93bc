import { expectedStack } from './expected-stack';
import { judgeExpectedStack } from './judge-stack';
import { kubernetesResources } from './kubernetes-resource';
import { mandatoryFindings } from './object-policy';
import { packOptions } from './options';
import { stackFile } from './stack-file';

/** How long, in milliseconds, after it has begun to serve: what the engine asks first must not wait. */
const pause = 150;

/**
 * Judges the stack file while the engine still starts the program. What the program then registers is mostly the same, word for word, and has its answer; what differs is judged when the engine asks.
 * Of any other program's stack file there is nothing to judge.
 */
export function judgeAhead(): void {
  const steps = judging();
  const next = (): void => {
    try {
      if (steps.next().done !== true) setTimeout(next).unref();
    } catch {
      // Nobody has looked at the file yet. What is wrong with it, the program says, and the policies when the engine asks them.
    }
  };
  setTimeout(next, pause).unref();
}

/** In steps, for the engine may ask something in between. */
function* judging(): Generator<void, void> {
  const resources = expectedStack(stackFile());
  yield;
  const options = packOptions({}, new Map());
  for (const resource of resources) {
    mandatoryFindings(kubernetesResources(resource), options);
    yield;
  }
  judgeExpectedStack(resources, options);
}
