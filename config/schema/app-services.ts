import { z } from 'zod';
import type { ServicePort, ServiceSettings } from '../../mesh/manifests/apps/settings';
import { anyMap, port, serviceType, stringMap, text } from './values';

export const appServicePort = z.strictObject({
  port: port.describe('Port of the Service.'),
  name: text
    .exactOptional()
    .describe('A name such as http or grpc-web tells Istio the protocol. Default: none, it is sniffed.'),
  targetPort: z.union([port, text]).exactOptional().describe('Port of the pod, by number or name. Default: port.'),
  nodePort: port.exactOptional().describe('Fixed node port, usually 30000 to 32767. Default: the cluster picks.'),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).exactOptional().describe('Default: TCP.'),
  appProtocol: text.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<ServicePort>;

export const appService = z.strictObject({
  type: serviceType.exactOptional().describe('Default: ClusterIP.'),
  ports: z
    .array(appServicePort)
    .exactOptional()
    .describe('Default: the container ports of the first workload that the Service selects.'),
  selector: stringMap.exactOptional().describe('Default: app: <service>.'),
  labels: stringMap.exactOptional().describe('Default: app: <service>.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
  spec: anyMap.exactOptional().describe('Fields of the ServiceSpec, merged over those above. Default: none.'),
}) satisfies z.ZodType<ServiceSettings>;
