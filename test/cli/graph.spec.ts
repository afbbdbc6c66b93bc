import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { newJournal } from '../../cli/shift/journal';
import { defaultOptions } from '../../cli/shift/options';
import { stepsOf } from '../../cli/shift/steps';
import { Store } from '../../cli/shift/store';
import { meshwright, reviewsStack, temporaryFolder, type Ran } from './support';

const classes = `  classDef added stroke:#1a7f37,stroke-width:3px
  classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:4
  classDef changed stroke:#9a6700,stroke-width:3px
`;

describe('meshwright graph', () => {
  const folder = temporaryFolder();
  const stack = (weights: string): string => folder.file(`${weights.replace(/\W/g, '')}.yaml`, reviewsStack(weights));

  it('is Mermaid on stdout', () => {
    assert.deepEqual(meshwright(['graph', '--config', stack('{ v1: rest, v3: 10 }')]), {
      code: 0,
      stdout: `---
title: "Drawn from the configuration: shares are configured, not observed. mTLS permissive, except where a service says otherwise."
---
flowchart LR
  subgraph s0["bookinfo"]
    n0["details"]
    n1["productpage"]
    n2["ratings"]
    n3["reviews"]
    n4["reviews v1<br/>1 pod"]
    n5["reviews v2<br/>1 pod"]
    n6["reviews v3<br/>1 pod"]
  end
  n3 -->|"90 %"| n4
  n3 -.->|"0 %"| n5
  n3 -->|"10 %"| n6
${classes}`,
      stderr: '',
    });
  });

  it('shows a running shift', () => {
    const config = stack('{ v1: rest, v2: 0, v3: 0 }');
    const name = 'v1restv20v30';
    const settings = { versions: ['v1', 'v2', 'v3'], weights: { v1: 'rest', v2: 0, v3: 0 } } as const;
    const route = { name: 'bookinfo/reviews', settings: { ...settings, versions: [...settings.versions] } };
    const journal = newJournal(0, {
      id: 'one',
      stack: name,
      routes: [route.name],
      settings: { [route.name]: route.settings },
      target: { v3: 100 },
      options: defaultOptions,
      steps: stepsOf([route], { v3: 100 }, defaultOptions),
    });
    new Store(config, name).write({ ...journal, phase: 'paused' });
    const { stdout } = meshwright(['graph', '--config', config]);
    assert.match(stdout, /Shift of bookinfo\/reviews: step 1 of 4, v3 5 %, paused\./);
    assert.match(stdout, /"reviews<br\/>shift: step 1 of 4, paused"/);
  });

  it('marks what a change moves, by sign and colour', () => {
    const words = ['--config', stack('{ v1: 75, v2: 25 }'), '--diff', stack('{ v1: rest, v3: 10 }'), '--format', 'dot'];
    const { code, stdout } = meshwright(['graph', ...words]);
    const [reviews, v1, v2, v3] = ['service', 'version', 'version', 'version'].map(
      (kind, index) => `"${kind} reviews.bookinfo.svc.cluster.local${index === 0 ? '' : ` v${index}`}"`,
    );
    assert.deepEqual(
      [code, stdout.split('\n').filter((line) => /class="[^"]*(added|removed|changed)/.test(line))],
      [
        0,
        [
          `  ${reviews} -> ${v3} [label="~ 10 % → 0 %", class="changed idle", style=dotted, color="#9a6700"];`,
          `  ${reviews} -> ${v2} [label="~ 0 % → 25 %", class="changed", color="#9a6700"];`,
          `  ${reviews} -> ${v1} [label="~ 90 % → 75 %", class="changed", color="#9a6700"];`,
        ],
      ],
    );
  });

  it('writes a self-contained picture in which every node can be focused and has a name', () => {
    const file = join(folder.path, 'mesh.svg');
    const { code, stdout, stderr } = meshwright(['graph', '--config', stack('{ v1: rest, v3: 10 }'), '-o', file]);
    assert.deepEqual([code, stdout, stderr], [0, '', `${file}: 7 nodes, 3 arrows\n`]);
    const svg = readFileSync(file, 'utf8');
    assert.match(svg, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg .*><style>/s);
    assert.deepEqual(
      [...svg.matchAll(/<g tabindex="0" role="img"[^>]*aria-label="([^"]*)"/g)].map(([, name]) => name).sort(),
      [
        'service details in bookinfo',
        'service productpage in bookinfo',
        'service ratings in bookinfo',
        'service reviews in bookinfo',
        'version reviews v1, 1 pod in bookinfo',
        'version reviews v2, 1 pod in bookinfo',
        'version reviews v3, 1 pod in bookinfo',
      ],
    );
  });

  it('writes one page that makes no network requests', () => {
    const file = join(folder.path, 'mesh.html');
    assert.equal(meshwright(['graph', '--sample', '003/delay', '-o', file]).code, 0);
    const page = readFileSync(file, 'utf8');
    assert.deepEqual(page.match(/(?:src|href)="[^"]*"|url\([^)]*\)|@import|fetch\(/g), null);
  });

  it('groups a large mesh by namespaces, each with its own picture, changed ones open', () => {
    const services = (share: number): string =>
      Array.from({ length: 60 }, (_, index) =>
        [
          `apiVersion: v1\nkind: Service\nmetadata: { name: s${index}, namespace: team-${index % 3} }\nspec: { ports: [{ name: http, port: 80 }] }`,
          `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: s${index}, namespace: team-${index % 3} }\nspec: { hosts: [s${index}], http: [{ route: [{ destination: { host: s${index} }, weight: ${index === 1 ? share : 50} }, { destination: { host: s${(index + 3) % 60} }, weight: 50 }] }] }`,
        ].join('\n---\n'),
      ).join('\n---\n');
    const [before, after] = [folder.file('before.yaml', services(50)), folder.file('after.yaml', services(150))];
    const file = join(folder.path, 'large.html');
    assert.equal(meshwright(['graph', after, '--diff', before, '-o', file]).code, 0);
    const parts = [
      ...readFileSync(file, 'utf8').matchAll(/<details( open)?><summary><h2>([^<]*)<\/h2>(.*?)<\/summary>/g),
    ];
    assert.deepEqual(
      parts.map(([, open, title, note]) => ({ open: open !== undefined, title, changed: note?.includes('changed') })),
      [
        { open: true, title: 'Namespaces', changed: true },
        { open: false, title: 'team-0', changed: false },
        { open: true, title: 'team-1', changed: true },
        { open: false, title: 'team-2', changed: false },
      ],
    );
  });

  describe('with what Prometheus observed', () => {
    const counted = (version: string, requests: number): object => ({
      metric: {
        source_workload: 'productpage-v1',
        source_workload_namespace: 'bookinfo',
        destination_service: 'reviews.bookinfo.svc.cluster.local',
        destination_version: version,
      },
      value: [0, String(requests)],
    });
    let server: Server;
    let answer: object = {};
    let asked: (string | null)[] = [];
    before((done) => {
      server = createServer((request, response) => {
        asked.push(new URL(request.url ?? '', 'http://localhost').searchParams.get('query'));
        response.end(JSON.stringify(answer));
      }).listen(0, '127.0.0.1', done);
    });
    after(() => server.close());

    /** Runs the command while the server runs in this process. */
    function observed(...words: string[]): Promise<Ran> {
      const bin = resolve(__dirname, '..', '..', 'cli', 'bin.js');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const all = [bin, 'graph', '--config', stack('{ v1: rest, v3: 10 }'), '--prometheus', url, ...words];
      const child = spawn(process.execPath, all);
      const ran: Ran = { code: null, stdout: '', stderr: '' };
      child.stdout.on('data', (text: Buffer) => (ran.stdout += text.toString()));
      child.stderr.on('data', (text: Buffer) => (ran.stderr += text.toString()));
      return new Promise((done) => child.on('close', (code) => done({ ...ran, code })));
    }
    const arrows = (text: string): string[] =>
      text.split('\n').filter((line) => /--?>/.test(line) && line.includes('%'));

    it('flags shares that chance does not explain', async () => {
      answer = { status: 'success', data: { result: [counted('v1', 700.2), counted('v3', 299.9)] } };
      asked = [];
      const { code, stdout, stderr } = await observed('--window', '1h');
      assert.deepEqual(
        [code, stderr, arrows(stdout)],
        [
          0,
          '',
          [
            '  n3 -->|"90 %<br/>! observed 70 % of 1000 requests"| n4',
            '  n3 -.->|"0 %<br/>observed 0 % of 1000 requests"| n5',
            '  n3 -->|"10 %<br/>! observed 30 % of 1000 requests"| n6',
          ],
        ],
      );
      assert.deepEqual(asked, [
        'sum by (source_workload, source_workload_namespace, destination_service, destination_version) (increase(istio_requests_total{reporter="source"}[1h]))',
      ]);
    });

    it('shows other shares without a flag', async () => {
      answer = { status: 'success', data: { result: [counted('v1', 912), counted('v3', 88)] } };
      assert.deepEqual(arrows((await observed()).stdout), [
        '  n3 -->|"90 %<br/>observed 91.2 % of 1000 requests"| n4',
        '  n3 -.->|"0 %<br/>observed 0 % of 1000 requests"| n5',
        '  n3 -->|"10 %<br/>observed 8.8 % of 1000 requests"| n6',
      ]);
    });

    it('draws without it, and says so, when Prometheus cannot answer', async () => {
      answer = { status: 'error', error: 'out of order' };
      const { code, stdout, stderr } = await observed();
      assert.deepEqual(
        [code, arrows(stdout)],
        [0, ['  n3 -->|"90 %"| n4', '  n3 -.->|"0 %"| n5', '  n3 -->|"10 %"| n6']],
      );
      assert.match(
        stderr,
        /^Prometheus at http:\/\/127\.0\.0\.1:\d+\/ does not answer, so no observed shares are shown: out of order\n$/,
      );
    });
  });

  for (const [words, told] of [
    [['-o', 'mesh.png'], 'mesh.png: unknown file ending; allowed are .svg, .html, .mmd, .dot, or --format.\n'],
    [['--prometheus', 'nowhere'], '--prometheus nowhere is not a URL; write e.g. http://127.0.0.1:9090\n'],
    [
      ['--prometheus', 'http://127.0.0.1:9', '--window', 'long'],
      '--window long is not a duration; write e.g. 30s, 5m or 1h\n',
    ],
    [
      ['--diff', 'nope.yaml'],
      'nope.yaml is not a file; give a stack file, a file of Kubernetes objects, REVISION:FILE for one in git, or sample:NAME/STATE.\n',
    ],
    [['objects.yaml'], 'Name either a stack or files, not both.\n'],
  ] as const) {
    it(`refuses "${words.join(' ')}" with exit code 2`, () => {
      assert.deepEqual(meshwright(['graph', '--sample', '003', ...words]), { code: 2, stdout: '', stderr: told });
    });
  }

  it('refuses to write where it cannot, with exit code 2', () => {
    const file = join(folder.path, 'none', 'mesh.svg');
    const { code, stdout, stderr } = meshwright(['graph', '--sample', '003', '-o', file]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /mesh\.svg cannot be written: ENOENT/);
  });
});
