import { defineSearchAttributeKey } from '@temporalio/common';

/** Search attributes of every run; `fedctl list` and saved queries of the Web UI find runs by them. */
export const searchAttributes = {
  federation: defineSearchAttributeKey('FedctlFederation', 'KEYWORD'),
  status: defineSearchAttributeKey('FedctlStatus', 'KEYWORD'),
  phase: defineSearchAttributeKey('FedctlPhase', 'KEYWORD'),
  blockedStep: defineSearchAttributeKey('FedctlBlockedStep', 'KEYWORD'),
};
