import assert from 'node:assert/strict';
import { serialNumber } from '../../../cluster/lab/processes/pki';

describe('serialNumber', () => {
  it('is positive and without a leading zero, whatever the random bytes', () => {
    const cases: [number, string][] = [
      [0x00, '4000'],
      [0x7f, '7f7f'],
      [0x80, '4080'],
      [0xff, '7fff'],
    ];
    for (const [byte, serial] of cases) assert.equal(serialNumber(Uint8Array.of(byte, byte)), serial);
  });
});
