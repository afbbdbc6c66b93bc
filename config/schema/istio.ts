import * as z from 'zod';
import type { IstioChart, IstioSettings } from '../../mesh/manifests/settings';
import type { ChartSource, ChartValues } from '../../mesh/manifests/release';
import { anyMap, label, stringMap, text } from './values';

export const chartValues = anyMap satisfies z.ZodType<ChartValues>;

export const chartSource = z
  .strictObject({
    repository: text.exactOptional().describe("URL of a Helm repository. Default: Istio's own."),
    oci: text
      .regex(/^oci:\/\//, { error: 'must start with oci://' })
      .exactOptional()
      .describe("OCI registry prefix, e.g. oci://registry.example/istio/charts; the chart's name is appended."),
    path: text.exactOptional().describe('Local folder that holds one folder per chart. Relative to the project.'),
    files: stringMap
      .exactOptional()
      .describe('Single charts by name, each a folder or a .tgz, before any of the above. Relative to the project.'),
  })
  .describe('Where charts come from: at most one of repository, oci and path.') satisfies z.ZodType<ChartSource>;

/** The type requires an entry for each of Istio's charts. */
const valuesByChart = {
  base: chartValues.exactOptional(),
  istiod: chartValues.exactOptional(),
  cni: chartValues.exactOptional(),
  ztunnel: chartValues.exactOptional(),
  gateway: chartValues.exactOptional(),
} satisfies Record<IstioChart, z.ZodType>;

export const istio = z
  .strictObject({
    version: text.exactOptional().describe('Chart version. Default: 1.30.3.'),
    profile: text
      .exactOptional()
      .describe("Installation profile, e.g. default, demo, minimal, ambient. Default: the charts' own."),
    revision: label
      .exactOptional()
      .describe('Control plane revision; namespaces ask for it by `revision`. Default: none.'),
    namespace: label.exactOptional().describe('Namespace of the control plane. Default: istio-system.'),
    hub: text.exactOptional().describe("Image hub. Default: the charts' own."),
    charts: chartSource.exactOptional(),
    mtls: z
      .enum(['STRICT', 'PERMISSIVE', 'DISABLE'])
      .exactOptional()
      .describe('Mesh-wide mTLS mode. Default: none, which means PERMISSIVE.'),
    meshConfig: anyMap.exactOptional().describe("Istio's MeshConfig, verbatim. Default: none."),
    cni: z.boolean().exactOptional().describe('Install the CNI node agent. Default: false; true with profile ambient.'),
    ztunnel: z.boolean().exactOptional().describe('Install ztunnel. Default: false; true with profile ambient.'),
    releaseNames: z
      .strictObject({
        base: label.exactOptional(),
        istiod: label.exactOptional(),
        cni: label.exactOptional(),
        ztunnel: label.exactOptional(),
      })
      .exactOptional()
      .describe('Helm release names by chart. Default: istio-base, istiod, istio-cni, ztunnel.'),
    values: z
      .strictObject(valuesByChart)
      .exactOptional()
      .describe('Chart values by chart, merged over those from the other keys. Default: none.'),
  })
  .describe(
    'The control plane. Without this key none is installed, and the one in the cluster is used.',
  ) satisfies z.ZodType<IstioSettings>;
