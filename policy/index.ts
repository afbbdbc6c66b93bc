import '../loader/later';
import { PolicyPack } from '@pulumi/policy';
import { objectPolicy } from './pack/object-policy';
import { advicePolicy, meshPolicy } from './pack/stack-policies';
import { warmUp } from './pack/warm-up';

new PolicyPack('meshwright', { policies: [objectPolicy, meshPolicy, advicePolicy] });
warmUp();
