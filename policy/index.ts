import '../runtime/later';
import { PolicyPack } from '@pulumi/policy';
import { packName, policies } from './pack/policies';
import { judgeAhead } from './pack/ahead';

new PolicyPack(packName, { policies: [...policies] });
judgeAhead();
