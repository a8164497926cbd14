import type { StepCall } from '../../../src/catalogue/call.ts';
import type { DownChoices } from '../../../src/catalogue/side-inputs.ts';

/** The call of a step's undo, from that of the step: nothing is kept unless the choices say so. */
export const undoOf = <Input extends object>(
  call: StepCall<Input>,
  choices: Partial<DownChoices> = {},
): StepCall<Input & { undo: DownChoices }> => ({
  ...call,
  input: { ...call.input, undo: { volumes: 'delete', ...choices } },
});
