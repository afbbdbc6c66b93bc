import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const project = join(__dirname, '..', '..', '..');
/** The expected observations of the walkthroughs; not part of the project. */
const list = join(project, '..', 'shared', 'reference', 'scenarios.md');

/** S: objects on a cluster, also where requests are sent. D: real traffic. */
const folders = { S: join(project, 'test', 'scenarios'), D: join(project, 'test', 'real', 'scenarios') };

/** Ids in the titles of tests, e.g. `S003.12, D003.7 …`: class, walkthrough, and index in the walkthrough's list. */
function idsOfTests(): string[] {
  const ids = Object.values(folders).flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.spec.ts'))
      .flatMap((file) =>
        [...readFileSync(join(folder, file), 'utf8').matchAll(/^\s+it\('((?:[SD]\d{3}\.\d+,? )+)/gm)].flatMap(
          ([, list = '']) => list.trim().split(', '),
        ),
      ),
  );
  return [...new Set(ids)];
}

function idsOfList(): string[] {
  let kind = '';
  const counts = new Map<string, number>();
  return readFileSync(list, 'utf8')
    .split('\n')
    .flatMap((line) => {
      if (line === 'S' || line === 'D') kind = line;
      const [, walkthrough] = /^- walkthrough (\d{3}):/.exec(line) ?? [];
      if (walkthrough === undefined) return [];
      const scope = `${kind}${walkthrough}`;
      const place = (counts.get(scope) ?? 0) + 1;
      counts.set(scope, place);
      return [`${scope}.${place}`];
    });
}

describe('scenarios of the walkthroughs', () => {
  it('each have a test, and no test has an unknown id', function () {
    if (!existsSync(list)) {
      console.log(`      skipped: no list to compare with at ${relative(process.cwd(), list)}`);
      this.skip();
    }
    const expected = idsOfList();
    assert.deepEqual(idsOfTests().sort(), [...expected].sort());
    const objects = expected.filter((id) => id.startsWith('S')).length;
    console.log(`      ${objects} of objects, ${expected.length - objects} of traffic`);
    assert.equal(objects, 46);
  });
});
