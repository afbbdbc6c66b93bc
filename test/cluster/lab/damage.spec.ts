import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheIn, damagedFiles, pruneCaches, recordFiles, removeIfDamaged } from '../../../cluster/lab/binaries/cache';
import { canRun } from '../../../cluster/lab/binaries/programs';
import { withLock } from '../../../cluster/lab/lock';
import { choosePorts, layoutOf, readPorts, replaceFile, writePorts } from '../../../cluster/lab/processes/layout';
import { ensurePki, existingPki, serialNumber } from '../../../cluster/lab/processes/pki';
import { labDown, labUp } from '../../../cluster/lab';
import { collect } from './support';

describe('damaged files of a lab', function () {
  this.timeout(60_000);
  let folder: string;
  const at = (...parts: string[]): string => path.join(folder, ...parts);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'meshwright-damage-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe('certificates', () => {
    const damages: [string, (dir: string) => void][] = [
      ['a certificate is missing', (dir) => rmSync(path.join(dir, 'admin.crt'))],
      ['a key is truncated', (dir) => truncateSync(path.join(dir, 'server.key'), 100)],
      ['the authority is empty', (dir) => truncateSync(path.join(dir, 'ca.crt'))],
      ['the key of ServiceAccounts is empty', (dir) => truncateSync(path.join(dir, 'service-account.key'))],
      [
        'a key belongs to another certificate',
        (dir) => copyFileSync(path.join(dir, 'server.key'), path.join(dir, 'admin.key')),
      ],
    ];
    for (const [what, damage] of damages) {
      it(`are replaced when ${what}`, async () => {
        const dir = at('pki');
        assert.equal((await ensurePki(dir)).made, 'first');
        assert.equal((await ensurePki(dir)).made, undefined);
        damage(dir);
        assert.equal(existingPki(dir), undefined);
        assert.equal((await ensurePki(dir)).made, 'replaced');
        assert.notEqual(existingPki(dir), undefined);
        assert.deepEqual(await readdir(folder), ['pki']);
      });
    }

    it('have serial numbers that are positive and without a leading zero', () => {
      const cases: [number, string][] = [
        [0x00, '4000'],
        [0x7f, '7f7f'],
        [0x80, '4080'],
        [0xff, '7fff'],
      ];
      for (const [byte, serial] of cases) assert.equal(serialNumber(Uint8Array.of(byte, byte)), serial);
    });
  });

  describe('lab.json', () => {
    it('is read as it was written', async () => {
      const layout = layoutOf(folder);
      await mkdir(layout.stateDir);
      const ports = await choosePorts();
      await writePorts(layout, ports);
      assert.deepEqual(await readPorts(layout), ports);
    });

    const damages: [string, (text: string) => string][] = [
      ['truncated', (text) => text.slice(0, 40)],
      ['empty', () => ''],
      ['another document', () => '[]'],
      ['without one of the ports', (text) => text.replace('"kwok"', '"other"')],
      ['with one port twice', (text) => text.replaceAll(/\d{2,}/g, '20000')],
    ];
    for (const [what, damage] of damages) {
      it(`counts as missing when it is ${what}`, async () => {
        const layout = layoutOf(folder);
        await mkdir(layout.stateDir);
        await writePorts(layout, await choosePorts());
        await writeFile(layout.settings, damage(readFileSync(layout.settings, 'utf8')));
        assert.equal(await readPorts(layout), undefined);
      });
    }

    it('is replaced when it is a folder', async () => {
      await mkdir(at('file', 'inside'), { recursive: true });
      await replaceFile(at('file'), 'text');
      assert.equal(readFileSync(at('file'), 'utf8'), 'text');
    });
  });

  describe('a lock', () => {
    const locked = async (): Promise<string[]> => {
      const { lines, log } = collect();
      await withLock(at('lock'), { log, message: 'waiting' }, async () => {
        await Promise.resolve();
        log('working');
      });
      assert.equal(existsSync(at('lock')), false);
      return lines;
    };
    const date = (years: number): Date => new Date(Date.now() + years * 365 * 86_400_000);

    it('of a dead process is taken over at once', async () => {
      await mkdir(at('lock'));
      await utimes(at('lock'), date(-1), date(-1));
      assert.deepEqual(await locked(), ['working']);
    });

    it('with a time in the future is taken over when it is not refreshed', async () => {
      await mkdir(at('lock'));
      await utimes(at('lock'), date(1), date(1));
      assert.deepEqual(await locked(), ['waiting', 'working']);
    });

    it('that is a file is taken over, too', async () => {
      await writeFile(at('lock'), '');
      await utimes(at('lock'), date(1), date(1));
      assert.deepEqual(await locked(), ['waiting', 'working']);
    });

    it('of a living process is waited for', async () => {
      const { lines, log } = collect();
      const work = (name: string) => async (): Promise<void> => {
        log(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 500));
        log(`${name} ends`);
      };
      const wait = { log, message: 'waiting' };
      const first = withLock(at('lock'), wait, work('first'));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await Promise.all([first, withLock(at('lock'), wait, work('second'))]);
      assert.deepEqual(lines, ['first begins', 'waiting', 'first ends', 'second begins', 'second ends']);
    });
  });

  describe('the program cache', () => {
    const silent = (): void => undefined;
    const filled = async (): Promise<string> => {
      await mkdir(at('bin', 'inner'), { recursive: true });
      await writeFile(at('bin', 'etcd'), 'a program');
      await writeFile(at('bin', 'inner', 'file'), 'a file');
      return at('bin');
    };

    it('finds truncated and missing files by their size, and others by their hash', async () => {
      const bin = await filled();
      await recordFiles(bin);
      assert.deepEqual(await damagedFiles(bin, { deep: true }), []);
      await writeFile(at('bin', 'etcd'), 'A PROGRAM');
      assert.deepEqual(await damagedFiles(bin), []);
      assert.deepEqual(await damagedFiles(bin, { deep: true }), ['etcd']);
      truncateSync(at('bin', 'etcd'), 3);
      rmSync(at('bin', 'inner', 'file'));
      assert.deepEqual((await damagedFiles(bin)).sort(), ['etcd', 'inner/file']);
    });

    it('is recorded again when its record is damaged', async () => {
      const bin = await filled();
      await writeFile(`${bin}.files.json`, '{"etcd"');
      assert.deepEqual(await damagedFiles(bin), []);
      truncateSync(at('bin', 'etcd'), 3);
      assert.deepEqual(await damagedFiles(bin), ['etcd']);
    });

    it('does not trust unrecorded programs that cannot run', async () => {
      const bin = await filled();
      rmSync(at('bin', 'inner'), { recursive: true });
      await chmod(at('bin', 'etcd'), 0o755);
      await writeFile(at('bin', 'kwok'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });
      await writeFile(at('bin', 'crashes'), '#!/bin/sh\nkill -SEGV $$\n', { mode: 0o755 });
      await writeFile(at('bin', 'schema.json'), '{}');
      await writeFile(at('bin', 'etcd'), Buffer.from('7f454c46020101', 'hex'));
      assert.deepEqual((await damagedFiles(bin, { isUsable: canRun })).sort(), ['crashes', 'etcd']);
    });

    it('removes a damaged folder with its record', async () => {
      const bin = await filled();
      await recordFiles(bin);
      assert.equal(await removeIfDamaged(bin, silent), false);
      truncateSync(at('bin', 'etcd'), 3);
      const { lines, log } = collect();
      assert.equal(await removeIfDamaged(bin, log), true);
      assert.deepEqual([lines, await readdir(folder)], [[`lab: ${at('bin', 'etcd')} is damaged, replacing it`], []]);
    });

    it('keeps the two last used folders of a batch, and those in use', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => `node-${letter.repeat(12)}`);
      for (const [index, name] of names.entries()) {
        await mkdir(cacheIn(at(name)).bin, { recursive: true });
        const used = new Date(Date.now() - index * 60_000);
        await utimes(at(name), used, used);
      }
      await mkdir(at('prometheus-aaaaaaaaaaaa'));
      await mkdir(cacheIn(at(names[3] ?? '')).lock);
      const used = new Date(Date.now() - 3_600_000);
      await utimes(at(names[3] ?? ''), used, used);
      await pruneCaches('node', folder);
      assert.deepEqual(await readdir(folder), [names[0], names[1], names[3], 'prometheus-aaaaaaaaaaaa']);
    });
  });

  it('that are in the place of folders are refused with the command that removes them', async () => {
    await writeFile(at('.lab'), 'a file');
    await assert.rejects(labUp({ root: folder, log: () => undefined }), {
      name: 'LabError',
      message: `The lab cannot be used: EEXIST: file already exists, mkdir '${at('.lab')}'. The lab's folder is damaged: \`npx meshwright lab down --purge\` removes it, with all stacks on the lab.`,
    });
    await labDown({ root: folder, log: () => undefined, purge: true });
    assert.equal(existsSync(at('.lab')), false);
  });
});
