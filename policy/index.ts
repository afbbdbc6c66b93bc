import '../loader/later';
import { PolicyPack } from '@pulumi/policy';
import { packName, policies } from './pack/policies';
import { warmUp } from './pack/warm-up';

new PolicyPack(packName, { policies: [...policies] });
warmUp();
