import assert from 'node:assert/strict';
import { parseAccessLog } from './access-log';
import { lossesOf } from './losses';

describe('the cause of a lost request', () => {
  it('is found in the access log of the proxy', () => {
    const log = [
      '[warning] something else',
      'request 1700000000000 /1 503 NC cluster_not_found - - 0',
      'request 1700000000001 /2 0 DC downstream_remote_disconnect outbound|9080|v1|reviews 127.0.31.1:9080 10000',
      'request 1700000000002 /3 200 - via_upstream outbound|9080|v1|reviews 127.0.31.1:9080 2',
      'request 1700000000003 /5 503 NC cluster_not_found - - 0',
    ].join('\n');
    const lost = (path: string, why: string) => ({ path, why, at: 1_700_000_000_000, milliseconds: 10_000 });
    assert.deepEqual(
      lossesOf(
        [
          lost('/1', '503'),
          lost('/2', 'no answer'),
          lost('/3', 'no answer'),
          lost('/4', 'no answer'),
          lost('/5', '503'),
        ],
        parseAccessLog(log),
      ),
      {
        byMesh: {
          '503; the proxy says 503 NC cluster_not_found of -': 2,
          'no answer; the proxy says 0 DC downstream_remote_disconnect of outbound|9080|v1|reviews': 1,
        },
        byClient: {
          'no answer; the proxy says 200 - via_upstream of outbound|9080|v1|reviews': 1,
          'no answer; the proxy has not seen it': 1,
        },
      },
    );
  });
});
