/**
 * Skips the tests after the first one that fails, for a suite whose tests build on each other. mocha's own `bail` would end the other suites of a parallel run too.
 */
export function stepByStep(suite: Mocha.Suite): void {
  let hasFailed = false;
  suite.beforeEach('the tests before passed', function () {
    if (hasFailed) this.skip();
  });
  suite.afterEach('remembers a failure', function () {
    hasFailed ||= this.currentTest?.isFailed() ?? false;
  });
}
