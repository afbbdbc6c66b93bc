import { PolicyPack } from '@pulumi/policy';
import { objectPolicy } from './pack/object-policy';
import { advicePolicy, meshPolicy } from './pack/stack-policies';

new PolicyPack('meshwright', { policies: [objectPolicy, meshPolicy, advicePolicy] });
