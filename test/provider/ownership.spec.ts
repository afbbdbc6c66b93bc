import assert from 'node:assert/strict';
import type { LiveObject } from '../../cluster/api';
import { belongsTo, isOfStack, makerOf, owned, ownerOf, routeId } from '../../provider/ownership';
import { route } from '../support/routes';
import { applied, owner } from './support';

const server = 'https://127.0.0.1:6443';
const urn = owner.urn;
const at = (other: string, where = server): ReturnType<typeof ownerOf> => ownerOf(other, where, 'bookinfo');

/** With the label of version 0.1, without the annotation. */
function ofOldVersion(id: string): LiveObject {
  const live = applied(route({ v1: 100 }));
  return { ...live, metadata: { ...live.metadata, annotations: {}, labels: { 'meshwright.io/route-set': id } } };
}

const cases: [what: string, live: LiveObject, isOfStack: boolean, belongs: boolean, maker: string][] = [
  [
    'its own object',
    applied(route({ v1: 100 })),
    true,
    true,
    ' (stack test of project shop; field managers: meshwright)',
  ],
  [
    'an object of another Route of the stack',
    applied(route({ v1: 100 }), at(urn.replace('bookinfo/reviews', 'bookinfo/other'))),
    true,
    false,
    ' (stack test of project shop; field managers: meshwright)',
  ],
  [
    'an object that it made when the API server had another address',
    applied(route({ v1: 100 }), at(urn, 'https://elsewhere:6443')),
    true,
    false,
    ' (stack test of project shop; field managers: meshwright)',
  ],
  [
    'an object of another stack',
    applied(route({ v1: 100 }), at(urn.replace('urn:pulumi:test', 'urn:pulumi:prod'))),
    false,
    false,
    ' (stack prod of project shop; field managers: meshwright)',
  ],
  [
    'an object of the RouteSet that held it in an older version',
    ofOldVersion(
      routeId(
        'urn:pulumi:test::shop::meshwright:index:Routes$meshwright-routes:index:RouteSet::bookinfo',
        server,
        'bookinfo',
      ),
    ),
    true,
    true,
    ' (another stack of Meshwright; field managers: meshwright)',
  ],
  [
    "an object of another stack's RouteSet in an older version",
    ofOldVersion(
      routeId(
        'urn:pulumi:prod::shop::meshwright:index:Routes$meshwright-routes:index:RouteSet::bookinfo',
        server,
        'bookinfo',
      ),
    ),
    false,
    false,
    ' (another stack of Meshwright; field managers: meshwright)',
  ],
  [
    'an object that a person made',
    {
      ...route({ v1: 100 }),
      metadata: {
        name: 'reviews',
        namespace: 'bookinfo',
        managedFields: [{ manager: 'kubectl-create', operation: 'Update' }],
      },
    },
    false,
    false,
    ' (field managers: kubectl-create)',
  ],
  [
    'a copy of its own manifest',
    {
      ...owned(route({ v1: 100 }), owner),
      metadata: {
        ...owned(route({ v1: 100 }), owner).metadata,
        managedFields: [{ manager: 'kubectl', operation: 'Apply' }],
      },
    },
    false,
    false,
    ' (stack test of project shop; field managers: kubectl)',
  ],
];

describe('the owner of a routing object', () => {
  for (const [what, live, ofStack, belongs, maker] of cases) {
    it(`is known of ${what}`, () => {
      assert.deepEqual([isOfStack(live, owner), belongsTo(live, owner), makerOf(live)], [ofStack, belongs, maker]);
    });
  }
});
