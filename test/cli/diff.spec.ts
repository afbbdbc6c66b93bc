import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { meshwright, reviewsStack, temporaryFolder } from './support';

describe('meshwright diff', () => {
  const folder = temporaryFolder();
  const before = (): string => folder.file('before.yaml', reviewsStack('{ v1: rest, v3: 10 }'));
  const host = 'reviews.bookinfo.svc.cluster.local:9080';

  it('shows which requests move from where to where, with exit code 1', () => {
    const after = folder.file(
      'after.yaml',
      reviewsStack(
        '{ v1: rest, v3: 25 }',
        '        http: [{ match: [{ headers: { end-user: { exact: jason } } }], weights: { v2: 100 } }]\n',
      ),
    );
    assert.deepEqual(meshwright(['diff', before(), after]), {
      code: 1,
      stdout: `${host}, from workloads
  header end-user is jason: 100 % moves
    - reviews.bookinfo v1 90 %, reviews.bookinfo v3 10 %
    + reviews.bookinfo v2
  all other requests: 15 % moves
    - reviews.bookinfo v1 90 %, reviews.bookinfo v3 10 %
    + reviews.bookinfo v1 75 %, reviews.bookinfo v3 25 %

New rules
  VirtualService bookinfo/reviews spec.http[0]
`,
      stderr: '',
    });
  });

  it('reports that nothing changes, with exit code 0', () => {
    const same = folder.file('same.yaml', reviewsStack('{ v1: 90, v3: rest }'));
    assert.deepEqual(meshwright(['diff', before(), same]), {
      code: 0,
      stdout: 'No change in traffic.\n',
      stderr: '',
    });
  });

  it('is Markdown for a pull request', () => {
    assert.deepEqual(meshwright(['diff', 'sample:003/all-v1', 'sample:003/delay', '--markdown']), {
      code: 1,
      stdout: `### Traffic

| requests | host | from | to | moved |
|---|---|---|---|---|
| \`workloads\`: \`header end-user is jason\` | \`ratings.user02.svc.cluster.local:9080\` | \`without\` | \`delay 7s for 100 %\` | none |
| \`workloads\`: \`header end-user is jason\` | \`reviews.user02.svc.cluster.local:9080\` | \`reviews.user02 v1\` | \`reviews.user02 v2\` | 100 % |

**New rules**
- \`VirtualService user02/ratings spec.http[0]\`
- \`VirtualService user02/reviews spec.http[0]\`
`,
      stderr: '',
    });
  });

  it('is JSON, with an example of each class and the exact share', () => {
    const { code, stdout } = meshwright(['diff', 'sample:002/90-10', 'sample:002/75-25', '--json']);
    const { moves, ...rules } = JSON.parse(stdout) as { moves: Record<string, unknown>[] };
    const shown = moves.map(({ from, host: asked, port, who, moved, example }) => ({
      ...{ from, asked, port, who, moved, example },
    }));
    assert.deepEqual(
      { code, shown, rules },
      {
        code: 1,
        shown: [
          {
            from: ['workloads'],
            asked: 'recommendation.tutorial.svc.cluster.local',
            port: 8080,
            who: 'all requests',
            moved: '3/20',
            example: {},
          },
        ],
        rules: { newRules: [], lostRules: [], unreachable: [], underLoad: [], notFollowed: [], ownedWeights: [] },
      },
    );
  });

  it('names rules that no request reaches', () => {
    const after = folder.file(
      'unreachable.yaml',
      reviewsStack(
        '{ v1: rest, v3: 10 }',
        '        http: [{ match: [{ uri: { prefix: /a } }], timeout: 1s }, { match: [{ uri: { exact: /a/b } }], timeout: 2s }]\n',
      ),
    );
    const { code, stdout } = meshwright(['diff', before(), after]);
    assert.deepEqual(
      [code, stdout],
      [
        1,
        `${host}, from workloads
  path starts with /a: same destination, treated in another way
    - without
    + timeout 1s

New rules
  VirtualService bookinfo/reviews spec.http[0]

Rules that no request reaches
  VirtualService bookinfo/reviews spec.http[1]
`,
      ],
    );
  });

  it('compares git revisions', () => {
    const git = (...words: string[]): string =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], {
        cwd: folder.path,
        encoding: 'utf8',
      });
    git('init', '-q');
    folder.file('Pulumi.dev.yaml', reviewsStack('{ v1: rest, v3: 10 }'));
    git('add', 'Pulumi.dev.yaml');
    git('commit', '-q', '-m', 'first');
    folder.file('Pulumi.dev.yaml', reviewsStack('{ v1: rest, v3: 50 }'));
    git('commit', '-q', '-a', '-m', 'second');
    const moved = {
      code: 1,
      stdout: `${host}, from workloads
  all requests: 40 % moves
    - reviews.bookinfo v1 90 %, reviews.bookinfo v3 10 %
    + reviews.bookinfo v1 50 %, reviews.bookinfo v3 50 %
`,
      stderr: '',
    };
    const cwd = folder.path;
    assert.deepEqual(meshwright(['diff', 'HEAD~1:Pulumi.dev.yaml', 'HEAD:Pulumi.dev.yaml'], { cwd }), moved);
    assert.deepEqual(meshwright(['diff', '--rev', 'HEAD~1'], { cwd }), moved);
    assert.equal(meshwright(['diff', '--rev', 'HEAD'], { cwd }).code, 0);
    const { code, stdout, stderr } = meshwright(['diff', '--rev', 'nope'], { cwd });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^nope:Pulumi\.dev\.yaml cannot be read from git: fatal: /);
  });

  for (const [words, told] of [
    [[], 'Name two sides, before and after; or one stack with --rev REVISION or --cluster.\n'],
    [
      ['nope.yaml', 'sample:003'],
      'nope.yaml is not a file; give a stack file, a file of Kubernetes objects, REVISION:FILE for one in git, or sample:NAME/STATE.\n',
    ],
    [
      ['--cluster', 'x.yaml'],
      'With --rev or --cluster the stack is chosen by --stack, --config or --sample; name no sides.\n',
    ],
    [['--rev', 'HEAD', '--sample', '003'], '--rev reads a stack file from git; a sample is not one.\n'],
  ] as const) {
    it(`refuses "${words.join(' ')}" with exit code 2`, () => {
      assert.deepEqual(meshwright(['diff', ...words]), { code: 2, stdout: '', stderr: told });
    });
  }

  it('refuses broken sides, and a cluster that does not answer', () => {
    const broken = folder.file('broken.yaml', reviewsStack('{ v1: 10 }'));
    const refused = meshwright(['diff', before(), broken]);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /broken\.yaml is refused, .*weights must sum to 100/s);
    const away = meshwright(['diff', '--sample', '003', '--cluster', '--kubeconfig', `${folder.path}/none`]);
    assert.deepEqual([away.code, away.stdout], [2, '']);
    assert.match(away.stderr, /^the kubeconfig cannot be read: /);
  });
});
