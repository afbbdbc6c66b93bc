import type { Rule } from '../rule';
import { changeRules } from './change-rules';
import { resourceRules } from './resource-rules';
import { rules } from '.';

/** What all kinds of rules have in common. */
export type RuleHeader = Omit<Rule, 'check' | 'single'>;

/** Every rule: over objects, over resources of a Pulumi program, and over changes. */
export const everyRule: readonly RuleHeader[] = [...rules, ...resourceRules, ...changeRules];
