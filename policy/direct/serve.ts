import { status, type sendUnaryData, type ServerUnaryCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { AnalyzerService } from '@pulumi/pulumi/proto/analyzer_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/analyzer_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { serveEngine, type Serving } from '../../runtime/engine-grpc';
import type { Report, RunArgs } from '../pack/resource';
import {
  analyzeResponse,
  analyzerInfo,
  configOf,
  tagsOf,
  type Pack,
  type Policy,
  type PolicyConfig,
  type AnalyzerViolation,
  resourceOf,
  stackResources,
} from './messages';

/**
 * Serves the engine. Pulumi's policy SDK has a server too, but it loads the whole SDK, decodes each resource again for
 * remediations, which this pack lacks, and decodes the stack once per policy.
 */
export function serve(pack: Pack): Promise<Serving> {
  const unread = new proto.AnalyzeRequest();
  const remediate = { ...AnalyzerService.remediate, requestDeserialize: () => unread };
  return serveEngine({ ...AnalyzerService, remediate }, implementation(pack));
}

function implementation(pack: Pack): UntypedServiceImplementation {
  let config = new Map<string, PolicyConfig>();
  let stackTags = new Map<string, string>();
  /** Runs each policy that is not switched off. */
  const ask = (judge: (policy: Policy, run: RunArgs, report: Report) => void): proto.AnalyzeResponse => {
    const violations: AnalyzerViolation[] = [];
    for (const policy of pack.policies) {
      const { level, properties = {} } = { level: policy.enforcementLevel, ...config.get(policy.name) };
      if (level === 'disabled') continue;
      // A violation of level `remediate` stops the engine, because this pack remediates nothing.
      const told = level === 'remediate' ? 'mandatory' : level;
      const getConfig = (() => properties) as RunArgs['getConfig'];
      judge(policy, { getConfig, stackTags }, (message, urn) => {
        violations.push({ policy, level: told, message, urn });
      });
    }
    return analyzeResponse(pack, violations);
  };
  return {
    handshake: answering(() => new proto.AnalyzerHandshakeResponse()),
    getPluginInfo: answering(() => new PluginInfo().setVersion(pack.version)),
    getAnalyzerInfo: answering(() => analyzerInfo(pack)),
    configure: answering((request: proto.ConfigureAnalyzerRequest) => {
      config = configOf(request);
      return new Empty();
    }),
    configureStack: answering((request: proto.AnalyzerStackConfigureRequest) => {
      stackTags = tagsOf(request);
      return new proto.AnalyzerStackConfigureResponse();
    }),
    remediate: answering(() => new proto.RemediateResponse()),
    analyze: answering((request: proto.AnalyzeRequest) => {
      const { type, urn, props } = resourceOf(request);
      return ask((policy, run, report) => {
        if ('validateResource' in policy) policy.validateResource({ type, urn, props, ...run }, report);
      });
    }),
    analyzeStack: answering((request: proto.AnalyzeStackRequest) => {
      const resources = stackResources(request.getResourcesList());
      return ask((policy, run, report) => {
        if ('validateStack' in policy) policy.validateStack({ resources, ...run }, report);
      });
    }),
    cancel: answering(() => new Empty()),
  };
}

function answering<Request, Response>(work: (request: Request) => Response) {
  return ({ request }: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    try {
      callback(null, work(request));
    } catch (error) {
      const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
      callback({ code: status.UNKNOWN, details });
    }
  };
}
