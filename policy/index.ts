import '../runtime/lazy-sdk-imports';
import { PolicyPack } from '@pulumi/policy';
import { packName, policies } from './pack/policies';

new PolicyPack(packName, { policies: [...policies] });
