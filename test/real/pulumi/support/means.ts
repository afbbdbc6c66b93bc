import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPulumi } from '../../../../cli/start/find-pulumi';

/** Folder with Istio's charts: base, istiod and gateway. */
const charts = process.env['ISTIO_CHARTS'];

/** What the tests with the real Pulumi need, or why there are none: said on the terminal, and the suite is skipped. */
export function needsPulumi(context: Mocha.Context): { charts: string } {
  const pulumi = findPulumi();
  if (!pulumi.found) return skipped(context, pulumi.reason);
  if (charts === undefined) return skipped(context, 'ISTIO_CHARTS names no folder with charts');
  if (!existsSync(join(charts, 'base', 'Chart.yaml'))) return skipped(context, `no charts in ISTIO_CHARTS, ${charts}`);
  return { charts };
}

function skipped(context: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return context.skip();
}
