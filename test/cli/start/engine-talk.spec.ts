import assert from 'node:assert/strict';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import {
  Diagnostics,
  isUnproven,
  policyFindings,
  Progress,
  provenRoutes,
  resultText,
  stepCount,
} from '../../../cli/start/engine-talk';
import { routeType } from '../../../mesh/manifests/route-set';
import { begins, ends, finds, object, says, urnOf, type Step } from './events';

const service: Step = {
  op: 'create',
  type: 'kubernetes:core/v1:Service',
  name: 'objects-one/s',
  after: { inputs: object('Service', 'one/s') },
};
const oneRoute: Step = { op: 'update', type: routeType, name: 'one/a', before: {}, after: {} };
const told = (...events: EngineEvent[]): string[] => {
  const diagnostics = new Diagnostics();
  return events.flatMap((event) => {
    const diagnostic = diagnostics.take(event);
    return diagnostic === undefined ? [] : [`${diagnostic.severity}: ${diagnostic.text}`];
  });
};

describe('the messages of a run of the engine', () => {
  it('name the object, and leave out the text that the provider and the engine add', () => {
    const urn = urnOf(service);
    const by = 'was not successfully created by the Kubernetes API server';
    assert.deepEqual(
      told(
        begins(service),
        says('error', `<{%fg 1%}>error: <{%reset%}>resource "${urn}" ${by}: port is invalid\n<{%reset%}>`, { urn }),
        says('error', `creation of resource "${urn}" failed`, { urn }),
        says('error', 'Preview failed: before hook "only-own-objects" failed: Service one/s exists', { urn }),
        says(
          'error',
          `${routeType} resource 'one': property objects["VirtualService one/a"] value {<nil>} has a problem: this change is refused`,
        ),
      ),
      [
        'error: Service one/s: port is invalid',
        'error: creation of resource Service one/s failed',
        'error: Service one/s exists',
        'error: VirtualService one/a: this change is refused',
      ],
    );
  });

  it('have no stack trace', () => {
    const trace = 'Unhandled exception: Error: no\n    at run (/a/b.js:1:2)\n    at /a/c.js:3:4';
    assert.deepEqual(told(says('error', trace)), ['error: no']);
  });

  it('appear once, in order, without those that are shown elsewhere', () => {
    assert.deepEqual(
      told(
        says('warning', 'first'),
        says('error', 'update failed'),
        says('error', 'update canceled'),
        says('error', 'failed to run remediation: context canceled'),
        says('error', 'One or more errors occurred. Check logs for more details'),
        says('warning', 'meshwright:objects[1].spec.ports[0]\n  the port has no name (service-ports)'),
        says('warning', 'first'),
        says('warning', 'second'),
        says('debug', 'Registering resource'),
        says('info', 'creating', { ephemeral: true }),
        says('error', '  '),
      ),
      ['warning: first', 'warning: second'],
    );
  });

  it('include the proofs of Routes, and no other information', () => {
    const urn = urnOf(oneRoute);
    assert.deepEqual(
      told(
        begins(oneRoute),
        says('info', 'route one/a: live on 3 of 3 proxies after 0.4 s, v1 100 %', { urn }),
        says('info', 'something of a Service', { urn: urnOf(service) }),
      ),
      ['info: route one/a: live on 3 of 3 proxies after 0.4 s, v1 100 %'],
    );
  });

  it('count the objects that Helm keeps', () => {
    const message =
      'Helm uninstall returned information: "These were kept:\\n[CustomResourceDefinition] a\\n[CustomResourceDefinition] b\\n"';
    assert.deepEqual(told(says('warning', message)), [
      'warning: Helm keeps 2 objects, such as CRDs, as the chart asks',
    ]);
  });

  it('report briefly that an earlier run was interrupted', () => {
    const message =
      'Attempting to deploy or update resources with 2 pending operations from previous deployment.\n  * urn, interrupted while creating\nThese resources are in an unknown state';
    assert.deepEqual(told(says('warning', message)), [
      'warning: an earlier run was interrupted while it worked on resources (2): this one finishes them',
    ]);
  });

  it('show that an update was not proven', () => {
    const warning = 'istiod does not answer: routes are changed without proof that the proxies have them';
    assert.deepEqual([isUnproven([says('warning', warning)]), isUnproven([says('warning', 'other')])], [true, false]);
  });

  it('name the routes that proxies were seen to serve, and no others', () => {
    const urn = (name: string): { urn: string } => ({ urn: urnOf({ type: routeType, name }) });
    const live = 'route one/a: live on 2 of 2 proxies after 0.1 s, v1 90 %, v2 10 %';
    const none = 'route one/b: nothing to prove, no proxy is connected to istiod';
    const warning = 'istiod does not answer: routes are changed without proof that the proxies have them';
    assert.deepEqual(
      provenRoutes([
        begins(oneRoute),
        says('info', live, urn('one/a')),
        says('info', none, urn('one/b')),
        says('warning', warning, urn('one/c')),
        says('info', 'route one/d: waiting, live on 1 of 2 proxies so far', { ...urn('one/d'), ephemeral: true }),
      ]),
      new Map([['one/a', live]]),
    );
  });

  it('have each finding of the policy pack once, without the description of its rule', () => {
    assert.deepEqual(
      policyFindings([
        finds('advisory', 'What the rule is for\nVirtualService a/b: one [rule]\nFix: it'),
        finds('mandatory', '<{%reset%}>What another is for\nVirtualService a/b: two [rule]'),
        finds('advisory', 'What another is for\nVirtualService a/b: two [rule]'),
      ]),
      [
        { isMandatory: false, text: 'VirtualService a/b: one [rule]\nFix: it' },
        { isMandatory: true, text: 'VirtualService a/b: two [rule]' },
      ],
    );
  });
});

describe('the progress of an update', () => {
  it('shows how much is done, what has taken longest, and for how long', () => {
    let now = 0;
    const progress = new Progress(3, () => now);
    const other: Step = { ...service, name: 'other', after: { inputs: object('Service', 'one/t') } };
    assert.deepEqual([progress.text(), progress.busy], ['0/3', false]);
    progress.take(begins(service));
    now = 2000;
    progress.take(begins(other));
    progress.take(says('info', 'Finding Pods\nand more', { urn: urnOf(service), ephemeral: true }));
    progress.take(says('debug', 'Registering', { urn: urnOf(service) }));
    now = 14_000;
    assert.deepEqual([progress.text(), progress.busy], ['0/3 Service one/s and 1 more, Finding Pods, 14 s', true]);
    progress.take(ends(service));
    assert.equal(progress.text(), '1/3 Service one/t, 12 s');
    progress.take({
      ...ends(other),
      resOutputsEvent: undefined,
      resOpFailedEvent: ends(other).resOutputsEvent,
    } as never);
    assert.equal(progress.text(), '2/3');
  });

  it('counts resources that change', () => {
    const same: Step = { ...service, op: 'same', name: 'same' };
    const component: Step = { ...service, name: 'component', custom: false };
    assert.equal(stepCount([same, component, service, service, oneRoute].map(begins)), 2);
  });
});

describe('the closing line', () => {
  const some = (length: number) => Array.from({ length }, () => ({ kind: 'A', name: 'a', changes: [] }));
  const plan = (created: number, changed: number, removed: number) => ({
    adopted: [],
    created: some(created),
    changed: some(changed),
    removed: some(removed),
    unchanged: 4,
  });

  it('has the number of changes, and the duration', () => {
    assert.equal(resultText(plan(43, 0, 0), { milliseconds: 31_200 }), '43 created in 31 s');
    assert.equal(resultText(plan(1, 2, 3), { milliseconds: 100 }), '1 created, 2 changed, 3 removed in 1 s');
    assert.equal(resultText(plan(0, 0, 0), { milliseconds: 100 }), 'nothing was changed');
  });

  it('says when an update was not proven', () => {
    assert.equal(
      resultText(plan(0, 1, 0), { milliseconds: 3000, unproven: true }),
      '1 changed in 3 s, unproven: the proxies could not be asked whether they have the routes',
    );
  });
});
