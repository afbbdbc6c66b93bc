import assert from 'node:assert/strict';
import { faultInProduction } from '../../../policy/rules/fault-in-production';
import { finding, judged, to, virtualService } from '../mesh-objects';

const faulty = (fault: object) =>
  virtualService('ratings', { hosts: ['ratings'], http: [{ fault, route: [to('ratings')] }] });
const production = { environment: 'production' };

describe('fault-in-production', () => {
  it('refuses an abort and a delay', () => {
    assert.deepEqual(
      judged(
        faultInProduction,
        [faulty({ abort: { httpStatus: 500, percentage: { value: 0.5 } }, delay: { fixedDelay: '7s', percent: 100 } })],
        production,
      ),
      [
        finding(
          faultInProduction,
          'VirtualService bookinfo/ratings',
          'spec.http[0].fault.abort',
          'the mesh itself aborts 0.5 % of these requests, and environment is "production"; remove the fault',
        ),
        finding(
          faultInProduction,
          'VirtualService bookinfo/ratings',
          'spec.http[0].fault.delay',
          'the mesh itself delays 100 % of these requests, and environment is "production"; remove the fault',
        ),
      ],
    );
  });

  it('allows them in other environments, and without an environment', () => {
    assert.deepEqual(
      judged(faultInProduction, [faulty({ abort: { httpStatus: 500, percentage: { value: 100 } } })], {
        environment: 'staging',
      }),
      [],
    );
  });

  it('allows a fault of 0 percent or without a percentage, which injects nothing', () => {
    assert.deepEqual(
      judged(
        faultInProduction,
        [faulty({ abort: { httpStatus: 500 }, delay: { fixedDelay: '7s', percentage: { value: 0 } } })],
        production,
      ),
      [],
    );
  });
});
