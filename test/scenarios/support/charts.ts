import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const addons = ['prometheus', 'grafana', 'jaeger', 'zipkin', 'kiali-server'];

/** Folder with the addons' own charts, where ISTIO_CHARTS names one; undefined elsewhere. */
export const addonCharts = foundCharts();

function foundCharts(): string | undefined {
  const folder = process.env['ISTIO_CHARTS'];
  return folder !== undefined && addons.every((chart) => existsSync(join(folder, chart))) ? folder : undefined;
}

/** Stand-ins for the addons' charts, for machines that cannot fetch them. Each creates one ConfigMap. */
export function standInCharts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-charts-'));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-stands-in' } };
  for (const chart of addons) {
    mkdirSync(join(folder, chart, 'templates'), { recursive: true });
    writeFileSync(
      join(folder, chart, 'Chart.yaml'),
      JSON.stringify({ apiVersion: 'v2', name: chart, version: '1.0.0' }),
    );
    writeFileSync(join(folder, chart, 'templates', 'object.yaml'), JSON.stringify(object));
  }
  return folder;
}
