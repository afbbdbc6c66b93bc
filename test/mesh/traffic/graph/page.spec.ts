import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changedGraph, observedGraph } from '../../../../mesh/traffic/graph/overlays';
import { trafficGraph } from '../../../../mesh/traffic/graph/graph';
import type { TrafficGraph } from '../../../../mesh/traffic/graph/types';
import { graphPage } from '../../../../mesh/traffic/graph/page';
import { svgRenderer } from '../../../../mesh/traffic/graph/svg';
import { trafficModel } from '../../../../mesh/traffic/traffic-model';
import { sampleTraffic } from '../support/ask';
import { Browser, findChromium } from '../support/browser';

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

/** Text that is too small, cut off, outside its box, or over other text; as strings. */
const layoutFaults = `(() => {
  const seen = (element) => element.getClientRects().length > 0;
  const box = (element) => element.getBoundingClientRect();
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
  const faults = [];
  const texts = [...document.querySelectorAll('svg text, .tree .box, .tree p span, .tree b')].filter(seen);
  if (texts.length === 0) faults.push('nothing is drawn');
  for (const text of texts) {
    const name = text.textContent;
    if (box(text).height < 10 || parseFloat(getComputedStyle(text).fontSize) < 10) faults.push('small: ' + name);
    const frame = text.closest('.picture') ?? document.body;
    if (box(text).left < box(frame).left || box(text).right > box(frame).left + Math.max(frame.scrollWidth, frame.clientWidth)) faults.push('cut: ' + name);
    if (text.closest('.tree') && box(text).right > innerWidth) faults.push('outside: ' + name);
    const shape = text.closest('.node')?.querySelector('path, polygon');
    if (shape && !inside(box(text), box(shape))) faults.push('out of its node: ' + name);
  }
  const nodes = [...document.querySelectorAll('svg .node')].filter(seen);
  const labels = [...texts.filter((text) => text.closest('.edge')), ...texts.filter((text) => text.closest('.tree'))];
  const all = [...labels, ...nodes];
  all.forEach((a, i) => all.slice(i + 1).forEach((b) => {
    if (!a.contains(b) && !b.contains(a) && !apart(box(a), box(b))) faults.push('overlap: ' + a.textContent.trim() + ' / ' + b.textContent.trim());
  }));
  return faults;
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

  const open = async (width: number, scheme: 'light' | 'dark', shown = file): Promise<Browser> => {
    assert.ok(browser);
    await browser.open(shown, width, scheme);
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
        assert.deepEqual(await page.evaluate(layoutFaults), []);
      });
    }
  }

  for (const sample of ['000/canary-20', '001/octopus', '002/75-25', '003/delay', '003/circuit-breaker', '004']) {
    it(`draws ${sample} without cut, small or overlapping text, wide and narrow`, async () => {
      const sampleFile = join(folder, 'sample.html');
      writeFileSync(sampleFile, graphPage(sampleGraph(sample), sample, await svgRenderer()));
      const faults = [];
      for (const width of [1280, 390])
        faults.push(
          await (await open(width, 'dark', sampleFile)).evaluate(layoutFaults),
          await browser?.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        );
      assert.deepEqual(faults, [[], true, [], true]);
    });
  }

  it('makes no network requests and has no errors', async () => {
    const page = await open(1280, 'light');
    assert.deepEqual(
      [...new Set(page.requests)].filter((url) => !url.endsWith('/sample.html')),
      [`file://${file}`],
    );
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
    assert.ok(nodes.includes('version reviews v3, 1 pod in user02'), nodes.join('; '));
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

  it('describes the whole picture to a screen reader: as a table, or as a tree on a narrow screen', async () => {
    const page = await open(1280, 'light');
    await page.evaluate(`document.querySelector('details.table').open = true`);
    const names = (spoken: { role: string; name: string }[], role: string): string[] =>
      spoken.filter((one) => one.role === role).map(({ name }) => name);
    const wide = await page.spoken();
    assert.deepEqual(names(wide, 'heading'), ['Mesh 003', 'Mesh']);
    assert.deepEqual(names(wide, 'searchbox'), ['Search']);
    assert.deepEqual(names(wide, 'columnheader'), ['From', 'Requests', 'To', 'Share', 'How']);
    const cells = names(wide, 'cell');
    const row = cells.indexOf('reviews v3');
    assert.deepEqual(cells.slice(row - 2, row + 3), [
      'reviews',
      'all requests',
      'reviews v3',
      '0 % \u2192 50 %',
      '~ changed; ! observed 60 % of 1000 requests',
    ]);
    await open(390, 'light');
    const narrow = await page.spoken();
    assert.deepEqual(names(narrow, 'region'), ['Deviations', 'Tree of Mesh']);
    assert.deepEqual(names(narrow, 'heading'), ['Mesh 003', 'Mesh', 'istio-ingress', 'istio-system', 'user02']);
    const items = await page.evaluate(`[...document.querySelectorAll('.tree li li')].map((item) => item.innerText)`);
    assert.ok(
      (items as string[]).includes('! observed 60 % of 1000 requests\n\nreviews v3\n1 pod\n~ 0 % \u2192 50 %'),
      String(items),
    );
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
