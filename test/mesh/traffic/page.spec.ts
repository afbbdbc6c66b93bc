import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changedGraph, trafficGraph, type TrafficGraph } from '../../../mesh/traffic/graph/graph';
import { observedGraph } from '../../../mesh/traffic/graph/observed';
import { graphPage } from '../../../mesh/traffic/graph/page';
import { svgRenderer } from '../../../mesh/traffic/graph/svg';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { sampleTraffic } from './support/ask';
import { Browser, findChromium } from './support/browser';

/** The lowest contrast between text and its background, by the formula of WCAG 2. */
const leastContrast = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const page = parse(getComputedStyle(document.body).backgroundColor);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const behind = (text) => { const shape = text.closest('.node')?.querySelector('path, polygon'); return shape ? parse(getComputedStyle(shape).fill) : page; };
  const drawn = [...document.querySelectorAll('svg text')].map((text) => ratio(parse(getComputedStyle(text).fill), behind(text)));
  const written = [...document.querySelectorAll('h1, h2, p, label, li, summary, th, td, .legend span')].map((text) => ratio(parse(getComputedStyle(text).color), page));
  return Math.min(...drawn, ...written);
})()`;

const focused = `document.activeElement.getAttribute('aria-label') ?? document.activeElement.id ?? ''`;

describe('graph page in Chromium', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;
  let folder = '';
  let file = '';

  before(async function () {
    const program = findChromium();
    if (program === undefined) {
      console.log('    skipped: no chromium on PATH');
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'meshwright-page-'));
    file = join(folder, 'mesh.html');
    const counts = [400, 600].map((requests, index) => ({
      source: 'user02/productpage-v1',
      host: 'reviews.user02.svc.cluster.local',
      version: `v${index * 2 + 1}`,
      requests,
    }));
    const shown = observedGraph(changedGraph(sampleGraph('003/delay'), sampleGraph('003/reviews-50-v3')), counts);
    writeFileSync(file, graphPage(shown, 'Mesh 003', await svgRenderer()));
    browser = await Browser.start(program);
  });
  after(async () => {
    await browser?.stop();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  const open = async (width: number, scheme: 'light' | 'dark'): Promise<Browser> => {
    assert.ok(browser);
    await browser.open(file, width, scheme);
    return browser;
  };

  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark'] as const) {
      it(`is readable ${width} pixels wide in ${scheme} colours: contrast, and nothing wider than the page`, async () => {
        const page = await open(width, scheme);
        const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
        assert.equal(background, scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
        assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
        assert.ok(Number(await page.evaluate(leastContrast)) >= 4.5, String(await page.evaluate(leastContrast)));
        const letters = await page.evaluate(
          `Math.min(...[...document.querySelectorAll('svg text')].map((text) => text.getBoundingClientRect().height))`,
        );
        assert.ok(Number(letters) >= 10, `letters of ${String(letters)} pixels`);
      });
    }
  }

  it('makes no network requests and has no errors', async () => {
    const page = await open(1280, 'light');
    assert.deepEqual([...new Set(page.requests)], [`file://${file}`]);
    assert.deepEqual(page.errors, []);
  });

  it('can be used by keyboard: search, picture, every node, table', async () => {
    const page = await open(1280, 'light');
    const stops: unknown[] = [];
    for (let step = 0; step < 4; step++) {
      await page.press('Tab');
      stops.push(await page.evaluate(focused));
    }
    assert.deepEqual(stops.slice(0, 2), ['search', 'Picture of Mesh']);
    const nodes = (await page.evaluate(
      `[...document.querySelectorAll('svg .node')].map((node) => node.getAttribute('aria-label'))`,
    )) as string[];
    assert.deepEqual(stops.slice(2), nodes.slice(0, 2));
    assert.ok(nodes.includes('version reviews v3, 1 pod in user02, new'), nodes.join('; '));
    const stroke = await page.evaluate(
      `getComputedStyle(document.activeElement.querySelector('path, polygon')).strokeWidth`,
    );
    assert.equal(stroke, '4px');
    for (let step = 2; step < nodes.length; step++) await page.press('Tab');
    await page.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'SUMMARY');
    await page.press('Enter');
    assert.equal(await page.evaluate(`document.querySelector('details.table').open`), true);
  });

  it('describes the whole picture to a screen reader', async () => {
    const page = await open(390, 'light');
    const spoken = await page.spoken();
    const names = (role: string): string[] => spoken.filter((one) => one.role === role).map(({ name }) => name);
    assert.deepEqual(names('heading'), ['Mesh 003', 'Mesh']);
    assert.deepEqual(names('searchbox'), ['Search']);
    assert.deepEqual(names('columnheader'), ['From', 'Requests', 'To', 'Share', 'How']);
    const cells = names('cell');
    const row = cells.indexOf('reviews v3');
    assert.deepEqual(cells.slice(row - 2, row + 3), [
      'reviews',
      'all requests',
      'reviews v3',
      '50 %',
      '+ new; ! observed 60 % of 1000 requests',
    ]);
  });

  it('searches: fades nodes that do not match, keeps matching rows, shows their number', async () => {
    const page = await open(1280, 'dark');
    await page.evaluate(`document.getElementById('search').focus()`);
    await page.type('reviews v3');
    const shown = await page.evaluate(`({
      found: document.getElementById('found').textContent,
      clear: [...document.querySelectorAll('.node:not(.faded)')].map((node) => node.dataset.name),
      rows: [...document.querySelectorAll('tbody tr:not([hidden])')].length,
    })`);
    assert.deepEqual(shown, { found: '1 found', clear: ['reviews v3'], rows: 1 });
  });
});

function sampleGraph(reference: string): TrafficGraph {
  const { objects, options } = sampleTraffic(reference);
  return trafficGraph(trafficModel(objects, options));
}
